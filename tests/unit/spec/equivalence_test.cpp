// A spec file and a Dockerfile that say the same thing have the same step digests.
#include <gtest/gtest.h>

#include "ir/printer.h"
#include "ir/record.h"
#include "passes/pass_manager.h"
#include "tests/unit/spec/spec_fixture.h"

namespace strata::frontend::spec_test {
namespace {

struct Pair {
  const char* name;
  std::string spec;
  std::string dockerfile;
};

const std::string kBase = "FROM docker.io/library/python:3.11-slim-bookworm\n";
const std::string kPip =
    "PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1 python -m "
    "pip install --no-cache-dir --no-compile --disable-pip-version-check --no-input";
const std::string kAptClean =
    " && apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/apt/* /var/log/dpkg.log "
    "/var/log/alternatives.log /var/cache/ldconfig/aux-cache\n";

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> table = {
      {"debian_slim", "img = Image.debian_slim(\"3.11\")", kBase},
      {"debian_slim_of_the_edition", "img = Image.debian_slim()",
       "FROM python:3.12-slim-bookworm\n"},
      {"base", "img = Image.base(\"node:22-slim\")", "FROM node:22-slim\n"},
      {"from_registry", "img = Image.from_registry(\"ghcr.io/a/b:c\")", "FROM ghcr.io/a/b:c\n"},
      {"scratch", "img = Image.scratch().env({\"A\": \"1\"})", "FROM scratch\nENV A=1\n"},
      {"run_commands", "img = Image.debian_slim(\"3.11\").run_commands(\"echo a\", [\"echo b\"])",
       kBase + "RUN echo a\nRUN echo b\n"},
      {"run_env", "img = Image.base(\"a\").run_commands(\"true\", env={\"X\": \"1\"})",
       "FROM a\nARG X=1\nRUN true\n"},
      {"apt_install", "img = Image.base(\"debian\").apt_install([\"git\", \"curl\"])",
       "FROM debian\nRUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "
       "--no-install-recommends git curl" +
           kAptClean},
      {"pip_install",
       "img = Image.debian_slim(\"3.11\").pip_install([\"requests\", \"pandas>=2.0\"])",
       kBase + "RUN " + kPip + " requests\nRUN " + kPip + " requests 'pandas>=2.0'\n"},
      {"pip_install_options",
       "img = Image.debian_slim(\"3.11\").pip_install(\"a\", \"A\", "
       "index_url=\"https://i/simple\", "
       "extra_index_url=[\"https://x\"], find_links=\"/w\", pre=True, extra_options=\"--no-deps\")",
       kBase + "RUN " + kPip +
           " --find-links /w --index-url https://i/simple --extra-index-url https://x --pre "
           "--no-deps a\n"},
      {"config",
       "img = Image.base(\"a\").workdir(\"/app\").workdir(\"sub\").user(\"1000\").env({\"B\": "
       "\"2\", "
       "\"A\": \"${HOME}\"}).label({\"k\": \"v\"})",
       "FROM a\nWORKDIR /app\nWORKDIR sub\nUSER 1000\nENV A='${HOME}' B=2\nLABEL k=v\n"},
      {"entrypoint_resets_cmd", "img = Image.base(\"a\").entrypoint([\"/x\"])",
       "FROM a\nENTRYPOINT [\"/x\"]\n"},
      {"cmd_then_entrypoint", "img = Image.base(\"a\").cmd([\"b\"]).entrypoint([\"/x\"])",
       "FROM a\nCMD [\"b\"]\nENTRYPOINT [\"/x\"]\n"},
      {"copy_file", "img = Image.base(\"a\").add_local_file(\"./x/app.py\", \"/app/\", copy=True)",
       "FROM a\nCOPY x/app.py /app/\n"},
      {"copy_directory",
       "img = Image.base(\"a\").add_local_dir(\"./src\", \"/app/src\", strategy=\"copy\")",
       "FROM a\nCOPY src/ /app/src/\n"},
      {"copy_context", "img = Image.base(\"a\").add_local_dir(\".\", \"/app\", copy=True)",
       "FROM a\nCOPY . /app/\n"},
      {"dockerfile_commands",
       "img = Image.debian_slim(\"3.11\").dockerfile_commands([\"EXPOSE 8080\", \"RUN useradd -m "
       "worker\", \"USER worker\"]).run_commands(\"id\")",
       kBase + "EXPOSE 8080\nRUN useradd -m worker\nUSER worker\nRUN id\n"},
      {"mounts_are_not_content",
       "img = Image.base(\"a\").run_commands(\"true\").add_local_dir(\"src\", \"/src\")",
       "FROM a\nRUN true\n"},
      {"shared_prefix",
       "base = Image.base(\"a\").run_commands(\"true\")\nimg = base.run_commands(\"b\")",
       "FROM a AS base\nRUN true\nFROM base\nRUN b\n"},
      {"formatting_says_nothing",
       "# comment\nlet cmds = [\n  'echo ' + \"a\",\n]\nimg = (\n  Image\n  .base(f\"{'a'}\")\n)\n "
       " "
       ".run_commands(\n    cmds,  # why\n  )",
       "FROM a\nRUN echo a\n"},
  };
  return table;
}

// The digests of the (last) target's root and config.
std::string key_of(const std::string& text, Language language) {
  Compilation compilation(text, language);
  compilation.loader.texts[":.dockerignore"] = "*.log\n";
  auto module = compilation.lower();
  EXPECT_TRUE(module.has_value()) << compilation.diagnostics() << text;
  if (!module) {
    return "error";
  }
  EXPECT_TRUE(passes::run_passes(*module, passes::default_pipeline(),
                                 {.verify_each = true, .print_after = {}}, compilation.emitter))
      << compilation.diagnostics();
  EXPECT_EQ(module->targets.size(), 1U);
  const auto records = ir::records(*module);
  const ir::Stage& stage = module->stage(module->targets.back().stage);
  const auto& root = records[stage.root.index];
  const auto& config = records[stage.config.index];
  EXPECT_TRUE(root && config) << ir::print(*module);
  return root->digest.str() + " " + config->digest.str() + "\n" + ir::print(*module);
}

// The digests of a file that a build with the context `mine` has.
std::string key_with_context(const std::string& text, Language language) {
  Compilation compilation(text, language);
  compilation.contexts = {"mine"};
  compilation.loader.texts["mine:.dockerignore"] = "*.log\n";
  const auto module = compilation.lower();
  EXPECT_TRUE(module.has_value()) << compilation.diagnostics() << text;
  EXPECT_TRUE(compilation.resolver.images.empty()) << compilation.resolver.images.front();
  EXPECT_TRUE(compilation.all().empty()) << compilation.diagnostics();
  return module ? ir::print(*module) : "error";
}

std::string digests_only(const std::string& key) { return key.substr(0, key.find('\n')); }

class Equivalence : public testing::TestWithParam<Pair> {};

TEST_P(Equivalence, SameDigestsAsTheDockerfile) {
  const std::string spec = key_of("edition \"2026\"\n" + GetParam().spec + "\n", Language::Spec);
  const std::string dockerfile = key_of(GetParam().dockerfile, Language::Dockerfile);
  EXPECT_EQ(digests_only(spec), digests_only(dockerfile)) << spec << "\n" << dockerfile;
}

INSTANTIATE_TEST_SUITE_P(Spec, Equivalence, testing::ValuesIn(pairs()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(SpecDigests, ANamedContextIsTheBaseOfBothLanguages) {
  EXPECT_EQ(key_with_context("edition \"2026\"\nimage \"0\" = Image.base(\"mine:latest\")"
                             ".dockerfile_commands(\"COPY --from=mine a /b\")\n",
                             Language::Spec),
            key_with_context("FROM mine\nCOPY --from=docker.io/library/mine a /b\n",
                             Language::Dockerfile));
}

TEST(SpecDigests, EveryPairIsADifferentImage) {
  std::map<std::string, std::string> seen;
  for (const Pair& pair : pairs()) {
    const std::string key = digests_only(key_of(pair.spec + "\n", Language::Spec));
    const auto [first, inserted] = seen.emplace(key, pair.name);
    EXPECT_TRUE(inserted) << pair.name << " has the digests of " << first->second;
  }
}

}  // namespace
}  // namespace strata::frontend::spec_test
