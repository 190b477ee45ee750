// What a spec file means: targets, sharing, selection, mounts, local files.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ir/printer.h"
#include "ir/verifier.h"
#include "tests/unit/spec/spec_fixture.h"

namespace strata::frontend::spec_test {
namespace {

std::vector<std::string> target_names(const ir::Module& module) {
  std::vector<std::string> names;
  for (const ir::Target& target : module.targets) {
    names.push_back(target.name);
  }
  return names;
}

template <typename T>
std::vector<const T*> ops_of(const ir::Module& module) {
  std::vector<const T*> ops;
  for (const ir::Op& op : module.ops) {
    if (const auto* data = std::get_if<T>(&op.data)) {
      ops.push_back(data);
    }
  }
  return ops;
}

// Lowers without errors, verified.
ir::Module lowered(Compilation& compilation) {
  auto module = compilation.lower();
  EXPECT_TRUE(module.has_value()) << compilation.diagnostics();
  EXPECT_TRUE(module && ir::verify(*module, compilation.emitter)) << compilation.diagnostics();
  return module ? *std::move(module) : ir::Module();
}

TEST(SpecLower, AFileWithoutDeclarationsExportsWhatNothingReads) {
  Compilation compilation(
      "base = Image.base(\"a\")\none = base.run_commands(\"1\")\nn = 3\n"
      "two = base.run_commands(\"2\")\nalias = two\n");
  EXPECT_EQ(target_names(lowered(compilation)), (std::vector<std::string>{"one", "alias"}));
}

TEST(SpecLower, DeclarationsAreTheOnlyExports) {
  Compilation compilation(
      "name = \"x\"\nbase = Image.base(\"a\")\nimage f\"{name}-1\" = base\nimage \"y\" = "
      "base.cmd([\"c\"])\nother = Image.base(\"b\")\n");
  EXPECT_EQ(target_names(lowered(compilation)), (std::vector<std::string>{"x-1", "y"}));
  EXPECT_EQ(compilation.resolver.images, (std::vector<std::string>{"docker.io/library/a:latest"}));
}

TEST(SpecLower, SoftKeywordsAreNames) {
  Compilation compilation(
      "image = Image.debian_slim()\nlet let = image.env({\"A\": \"1\"})\nfn = let\nparam = "
      "fn\nedition = param\noneof = edition\n");
  EXPECT_EQ(target_names(lowered(compilation)), (std::vector<std::string>{"oneof"}));
}

TEST(SpecLower, ImportsOfOtherToolsAreIgnored) {
  for (const std::string text :
       {"from chalkcompute import Image\nimg = Image.base(\"a\")\n",
        "from modal import Image as I\nimg = I.base(\"a\")\n",
        "import modal\nimg = modal.Image.base(\"a\")\n", "img = modal.Image.base(\"a\")\n",
        "import daytona as d\nimg = d.Image.base(\"a\")\n"}) {
    EXPECT_EQ(errors_of(text), "") << text;
  }
}

TEST(SpecLower, ChainsShareTheOpsOfTheirPrefix) {
  Compilation compilation(
      "base = Image.base(\"a\").run_commands(\"x\", \"y\")\nb = base.run_commands(\"b\")\nc = "
      "base.run_commands(\"c\")\n");
  const ir::Module module = lowered(compilation);
  EXPECT_EQ(ops_of<ir::Image>(module).size(), 1U);
  EXPECT_EQ(ops_of<ir::Exec>(module).size(), 4U);
}

TEST(SpecLower, ATargetThatIsAlsoAPrefixIsLoweredOnce) {
  Compilation compilation(
      "base = Image.base(\"a\").run_commands(\"x\")\nimage \"late\" = "
      "base.run_commands(\"b\")\nimage "
      "\"early\" = base\n");
  const ir::Module module = lowered(compilation);
  EXPECT_EQ(ops_of<ir::Exec>(module).size(), 2U);
}

TEST(SpecLower, OnlySelectedImagesAreResolved) {
  const std::string text =
      "a = Image.base(\"one\").run_commands(\"1\")\nb = Image.base(\"two\")\nc = "
      "Image.base(\"three\")\n";
  Compilation compilation(text);
  compilation.targets = {"b"};
  EXPECT_EQ(target_names(lowered(compilation)), (std::vector<std::string>{"b"}));
  EXPECT_EQ(compilation.resolver.images,
            (std::vector<std::string>{"docker.io/library/two:latest"}));

  Compilation unknown("app = Image.scratch()\n");
  unknown.targets = {"ap"};
  EXPECT_FALSE(unknown.lower());
  const Diagnostic* diagnostic = unknown.find(Kind::UnknownTarget);
  ASSERT_NE(diagnostic, nullptr);
  ASSERT_EQ(diagnostic->notes.size(), 1U);
  EXPECT_EQ(diagnostic->notes[0].text, "did you mean `app`?");
}

TEST(SpecLower, ParametersThatTheFileDoesNotDeclareAreErrors) {
  Compilation compilation("a = Image.scratch()\n");
  compilation.params = {{"x", "1"}};
  EXPECT_FALSE(compilation.lower());
  EXPECT_NE(compilation.find(Kind::UnknownName), nullptr);
}

TEST(SpecLower, PipInstallsOneMoreWithEachStep) {
  Compilation compilation(
      "a = Image.base(\"x\").pip_install([\"B_b\", \"a\"], \"b-B\", \"c ; python_version < '3'\", "
      "\"c ; "
      "python_version >= '3'\")\n");
  const ir::Module module = lowered(compilation);
  const auto execs = ops_of<ir::Exec>(module);
  ASSERT_EQ(execs.size(), 4U);
  const auto command = [&](std::size_t i) { return execs[i]->args.back(); };
  EXPECT_TRUE(command(0).ends_with(" --no-input B_b")) << command(0);
  EXPECT_TRUE(command(1).ends_with(" B_b a")) << command(1);
  EXPECT_TRUE(command(2).ends_with(" B_b a 'c ; python_version < '\\''3'\\'''")) << command(2);
  EXPECT_TRUE(command(3).starts_with(command(2))) << command(3);
  EXPECT_EQ(execs[1]->root.index + 1, execs[2]->root.index);
}

TEST(SpecLower, CommandsHaveANetworkAndAnEnvironmentOfTheirOwn) {
  Compilation compilation(
      "a = Image.base(\"x\").env({\"A\": \"1\"}).run_commands(\"true\", network=\"none\", "
      "env={\"A\": "
      "\"2\"}).run_commands(\"true\", network=\"default\")\n");
  const ir::Module module = lowered(compilation);
  const auto execs = ops_of<ir::Exec>(module);
  ASSERT_EQ(execs.size(), 2U);
  EXPECT_EQ(execs[0]->network, "none");
  EXPECT_EQ(*execs[0]->env.find("A"), "2");
  EXPECT_EQ(execs[1]->network, "");
  EXPECT_EQ(*execs[1]->env.find("A"), "1");
}

TEST(SpecLower, MountsAreOfTheTargetAlone) {
  Compilation compilation(
      "a = Image.base(\"x\").add_local_file(\"d/f.py\", \"/app/\").add_local_dir(\".\", \"/s/\", "
      "ignore=[\"*.pyc\", \"!keep\"])\n");
  compilation.loader.texts[":.dockerignore"] = "# c\n*.log\n";
  const ir::Module module = lowered(compilation);
  ASSERT_EQ(module.targets.size(), 1U);
  const std::vector<ir::RunMount> expected = {
      {.source = "d/f.py", .target = "/app/f.py", .ignore = {"*.log"}},
      {.source = "", .target = "/s", .ignore = {"*.log", "*.pyc", "!keep"}}};
  EXPECT_EQ(module.targets[0].run_mounts, expected);
  EXPECT_TRUE(ops_of<ir::Copy>(module).empty());
  EXPECT_TRUE(compilation.resolver.locals.empty());
}

TEST(SpecLower, IgnorePatternsOfAStepAreBelowItsSource) {
  Compilation compilation(
      "a = Image.base(\"x\").add_local_dir(\"./s[1]\", \"/s\", copy=True, ignore=[\"*.pyc\", "
      "\"**/__pycache__\", \"!/keep\"])\n");
  compilation.loader.texts["beside:image.strata.dockerignore"] = "own\n";
  compilation.loader.texts[":.dockerignore"] = "unread\n";
  lowered(compilation);
  ASSERT_EQ(compilation.resolver.locals.size(), 1U);
  const ir::LocalRequest& request = compilation.resolver.locals[0];
  EXPECT_EQ(request.source, "s\\[1]");
  EXPECT_EQ(request.ignore,
            (ir::SharedStrings{"own", "s\\[1]/*.pyc", "s\\[1]/**/__pycache__", "!s\\[1]/keep"}));
}

// Thousands of images, each used twice and each with one change more than the one below.
TEST(SpecGrowth, BindingsShareWhatTheyHaveInCommon) {
  std::string text = "a0 = Image.base(\"x\")\n";
  for (int i = 0; i < 3000; ++i) {
    text += fmt::format(
        "a{1} = a{0}.env({{\"V{0}\": \"1\"}}).run_commands(\"x\")\nb{0} = a{0}.user(\"u\")\n", i,
        i + 1);
  }
  Compilation compilation(text + "image \"app\" = a3000\n");
  const auto module = compilation.lower();
  ASSERT_TRUE(module) << compilation.diagnostics();
  EXPECT_EQ(module->ops.size(), 6001U);
}

TEST(SpecLower, AMalformedIgnoreFileIsReportedOnce) {
  Compilation compilation(
      "edition \"2026\"\na = Image.base(\"x\").add_local_dir(\"s\", \"/s\")\nb = "
      "Image.base(\"y\").add_local_dir(\"s\", \"/s\", copy=True)\n");
  compilation.loader.texts[":.dockerignore"] = "ok\n[a\n";
  EXPECT_FALSE(compilation.lower());
  ASSERT_EQ(compilation.all().size(), 1U);
  EXPECT_EQ(compilation.sources.describe(compilation.all()[0].loc), ".dockerignore:2:1");
}

TEST(SpecLower, AFileKeepsItsNameInADirectory) {
  Compilation compilation("a = Image.base(\"x\").add_local_file(\"f.py\", \"/app/\", copy=True)\n");
  const ir::Module module = lowered(compilation);
  ASSERT_EQ(ops_of<ir::Copy>(module).size(), 1U);
  EXPECT_EQ(ops_of<ir::Copy>(module)[0]->dest, "/app/");
}

TEST(SpecLower, MissingSourcesAndBasesAreLocated) {
  Compilation missing(
      "\na = Image.base(\"x\")\n  .add_local_dir(\"missing\", \"/a\", copy=True)\n");
  EXPECT_FALSE(missing.lower());
  EXPECT_EQ(missing.diagnostics().substr(0, 24), "3:18: MissingCopySource:");

  Compilation escaping(
      "a = Image.base(\"x\").add_local_file(\n  \"escaping\", \"/a\", copy=True)\n");
  EXPECT_FALSE(escaping.lower());
  EXPECT_EQ(escaping.diagnostics().substr(0, 26), "2:3: SourceOutsideContext:");

  Compilation base(
      "a = Image.base(\"gone\")\nb = Image.base(\"x\").add_local_file(\"missing\", \"/a\", "
      "copy=True)\n");
  base.resolver.missing = "docker.io/library/gone:latest";
  EXPECT_FALSE(base.lower());
  EXPECT_NE(base.find(Kind::BaseNotResolved), nullptr);
  EXPECT_NE(base.find(Kind::MissingCopySource), nullptr) << "the second target is looked at too";
}

TEST(SpecLower, ErrorsOfRawInstructionsPointToBothPlaces) {
  Compilation compilation(
      "edition \"2026\"\na = Image.base(\"x\")\n  .dockerfile_commands([\"USER a\", \"NOPE "
      "b\"])\n");
  EXPECT_FALSE(compilation.lower());
  ASSERT_EQ(compilation.all().size(), 1U);
  const Diagnostic& diagnostic = compilation.all()[0];
  EXPECT_EQ(compilation.sources.describe(diagnostic.loc), "image.strata@3.4.dockerfile:2:1");
  const bool noted =
      std::any_of(diagnostic.notes.begin(), diagnostic.notes.end(), [&](const Note& note) {
        return note.loc && compilation.sources.describe(*note.loc) == "image.strata:3:4";
      });
  EXPECT_TRUE(noted);
}

TEST(SpecLower, RawInstructionsBeginNoStage) {
  Compilation compilation("a = Image.base(\"x\").dockerfile_commands(\"FROM b\")\n");
  EXPECT_FALSE(compilation.lower());
  EXPECT_FALSE(compilation.all().empty());
}

TEST(SpecLower, host_name_of_runs) {
  Compilation compilation("img = Image.scratch().run_commands(\"a\")\n");
  compilation.build_args = {{"BUILDKIT_SANDBOX_HOSTNAME", "my-builder"}};
  EXPECT_EQ(ops_of<ir::Exec>(lowered(compilation))[0]->hostname, "my-builder");
}

TEST(SpecLower, ABaseWithTriggersIsAnErrorAndASourceOfACopyIsNot) {
  Compilation base("edition \"2026\"\na = Image.base(\"x\")\n");
  base.resolver.on_build = {"RUN make"};
  EXPECT_FALSE(base.lower());
  EXPECT_NE(base.find(Kind::BaseWithTriggers), nullptr);

  Compilation copied(
      "edition \"2026\"\na = Image.scratch().dockerfile_commands(\"COPY --from=x /y /y\")\n");
  copied.resolver.on_build = {"RUN make"};
  EXPECT_TRUE(copied.lower()) << copied.diagnostics();
}

TEST(SpecLower, TheEpochIsABuildArgument) {
  Compilation compilation("edition \"2026\"\na = Image.base(\"x\")\n");
  compilation.build_args = {{"SOURCE_DATE_EPOCH", "1000"}};
  EXPECT_EQ(ops_of<ir::Image>(lowered(compilation))[0]->epoch, 1000);

  Compilation wrong("edition \"2026\"\na = Image.base(\"x\")\n");
  wrong.build_args = {{"SOURCE_DATE_EPOCH", "soon"}};
  EXPECT_FALSE(wrong.lower());
  EXPECT_NE(wrong.find(Kind::BadEpoch), nullptr);
}

TEST(SpecLower, WhatASpecFileCannotTakeIsWarnedOf) {
  Compilation compilation("edition \"2026\"\na = Image.base(\"x\")\n");
  compilation.build_args = {{"VERSION", "1"}, {"http_proxy", "p"}, {"BUILDKIT_X", "y"}};
  compilation.contexts = {"x", "unused"};
  EXPECT_TRUE(compilation.lower()) << compilation.diagnostics();
  ASSERT_NE(compilation.find(Kind::UnusedBuildArg), nullptr);
  EXPECT_NE(compilation.find(Kind::UnusedBuildArg)->message.find("VERSION"), std::string::npos);
  ASSERT_NE(compilation.find(Kind::UnusedBuildContext), nullptr);
  EXPECT_NE(compilation.find(Kind::UnusedBuildContext)->message.find("`unused`"),
            std::string::npos);
  EXPECT_EQ(compilation.all().size(), 2U) << compilation.diagnostics();
}

// The chains of the vocabulary's own documentation, as they stand there.
TEST(SpecLower, TheVocabularysSnippetsAreReadVerbatim) {
  Compilation compilation(R"(from chalkcompute import Image

img = (
    Image.debian_slim("3.12")
    .pip_install(["requests", "pandas>=2.0"])
    .run_commands("apt-get update && apt-get install -y git curl")
    .workdir("/app")
    .env({"PROJECT_ROOT": "/app"})
)
)");
  const ir::Module module = lowered(compilation);
  EXPECT_EQ(target_names(module), (std::vector<std::string>{"img"}));
  EXPECT_EQ(compilation.resolver.images,
            (std::vector<std::string>{"docker.io/library/python:3.12-slim-bookworm"}));
  EXPECT_EQ(ops_of<ir::Exec>(module).size(), 3U);

  for (const std::string text : {
           "img = Image.debian_slim().pip_install([\"torch==2.3.0\", \"transformers\"])\n",
           "img = Image.debian_slim().run_commands(\n    \"apt-get update && apt-get install -y "
           "ffmpeg libsndfile1\",\n)\n",
           "img = Image.debian_slim().dockerfile_commands([\n    \"EXPOSE 8080\",\n    \"RUN "
           "useradd "
           "-m worker\",\n    \"USER worker\",\n])\n",
           "# Volume mount (default) — file is uploaded at sandbox start.\nimg = "
           "Image.debian_slim().add_local_file(\"app.py\", \"/app/app.py\")\n",
           "img = Image.debian_slim().add_local_file(\n    \"app.py\", \"/app/app.py\", "
           "strategy=\"copy\"\n)\n",
           "img = Image.debian_slim().add_local_dir(\"./src\", \"/app/src\")\n",
           "img = (\n    Image.base(\"nvcr.io/nvidia/pytorch:24.01-py3\")\n    "
           ".pip_install([\"transformers\", \"accelerate\"])\n)\n",
       }) {
    EXPECT_EQ(errors_of(text), "") << text;
  }
}

}  // namespace
}  // namespace strata::frontend::spec_test
