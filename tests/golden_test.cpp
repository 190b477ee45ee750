// One test per file under tests/golden: runs what the file says and compares. With
// STRATA_UPDATE_GOLDENS=1 the file is rewritten instead, and its test reported as skipped.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ir/base/consumer.h"
#include "ir/base/render.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/verifier.h"
#include "passes/pass_manager.h"
#include "tests/golden_file.h"

namespace strata::golden {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  ASSERT_TRUE(stream.good()) << path;
}

// A directory of its own for each run, gone afterwards.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "strata-golden-XXXXXX").string();
    path_ = mkdtemp(name.data()) == nullptr ? fs::path() : fs::path(name);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Where a test's own directories show in an output, they differ from run to run.
std::string without_paths(std::string text, const fs::path& directory) {
  const std::string path = directory.string();
  for (std::size_t at = text.find(path); at != std::string::npos; at = text.find(path, at)) {
    text.replace(at, path.size(), "$TMP");
  }
  return text;
}

std::vector<std::string> environment(const fs::path& directory) {
  return {
      "HOME=" + (directory / "home").string(),
      "STRATA_HOME=" + (directory / "store").string(),
      "TMPDIR=" + directory.string(),
      // The binary first, so that a command begins with `strata`.
      "PATH=" + fs::path(STRATA_BINARY).parent_path().string() + ":/usr/sbin:/usr/bin:/sbin:/bin",
      "LC_ALL=C.UTF-8",
      "TZ=UTC",
      "TERM=dumb",
      "NO_COLOR=1",
  };
}

[[noreturn]] void run_child(const std::string& command, const fs::path& work,
                            const fs::path& directory) {
  std::vector<std::string> variables = environment(directory);
  std::vector<char*> envp;
  envp.reserve(variables.size() + 1);
  for (std::string& variable : variables) {
    envp.push_back(variable.data());
  }
  envp.push_back(nullptr);
  std::array<std::string, 3> words = {"/bin/sh", "-c", command};
  const std::array<char*, 4> argv = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = open((directory / "stdout").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const int err = open((directory / "stderr").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (in >= 0 && out >= 0 && err >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
      dup2(err, 2) == 2 && chdir(work.c_str()) == 0) {
    execve(argv[0], argv.data(), envp.data());
  }
  _exit(126);
}

GoldenRun run_command(const GoldenRun& expected, const GoldenFile& golden) {
  const TemporaryDirectory directory;
  const fs::path work = directory.path() / "work";
  write_file(work / golden.input_name, golden.input);
  for (const auto& [name, content] : golden.files) {
    write_file(work / name, content);
  }
  const pid_t child = fork();
  if (child == 0) {
    run_child(expected.command, work, directory.path());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  GoldenRun result;
  result.command = expected.command;
  result.out = without_paths(read_file(directory.path() / "stdout"), directory.path());
  result.err = without_paths(read_file(directory.path() / "stderr"), directory.path());
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

// The run of an IR golden, `strata opt --verify-each --passes=… NAME`, in this process.
GoldenRun run_passes_on(const GoldenFile& golden, const std::string& command,
                        const std::vector<std::string>& names) {
  GoldenRun result;
  result.command = command;
  SourceMap sources;
  const FileId file = sources.add(golden.input_name, golden.input);
  TextConsumer text(sources, Color::Never, result.err);
  SortingConsumer consumer(text);
  Emitter emitter(consumer);
  auto module = ir::parse(file, sources, emitter);
  const passes::PassOptions options{.verify_each = true, .print_after = {}};
  const bool ok = module.has_value() && ir::verify(*module, emitter) &&
                  passes::run_passes(*module, names, options, emitter);
  consumer.finish();
  result.exit_code = ok ? 0 : 2;
  if (!ok) {
    return result;
  }
  result.out = ir::print(*module);
  const FileId printed = sources.add("printed", result.out);
  const auto again = ir::parse(printed, sources, emitter);
  EXPECT_TRUE(again.has_value() && *again == *module) << "parse(print(m)) != m";
  // A pass that runs on its own result has nothing left to do.
  for (const std::string& name : names) {
    ir::Module twice = *module;
    EXPECT_TRUE(passes::run_passes(twice, {name}, options, emitter) && twice == *module)
        << name << " is not idempotent";
  }
  return result;
}

// An IR golden has one implied run: the pass that its folder names, or none.
GoldenFile run_ir_golden(GoldenFile golden, const fs::path& path) {
  const std::string folder = path.parent_path().filename().string();
  const bool is_pass = path.parent_path().parent_path().filename() == "passes";
  std::vector<std::string> names;
  std::string command = "strata opt";
  if (is_pass) {
    names = folder == "pipeline" ? passes::default_pipeline() : std::vector<std::string>{folder};
    command += " --verify-each --passes=" + (folder == "pipeline" ? "default" : folder);
  }
  golden.runs = {run_passes_on(golden, command + " " + golden.input_name, names)};
  return golden;
}

class GoldenTest : public testing::Test {
 public:
  explicit GoldenTest(fs::path path) : path_(std::move(path)) {}

  void TestBody() override {
    const std::string extension = path_.extension().string();
    const bool named = extension == ".sir" || extension == ".strata";
    const std::string default_name = named ? "input" + extension : "input";
    const std::string text = read_file(path_);
    const GoldenFile expected = parse_golden(text, default_name);
    GoldenFile actual = expected;
    if (extension == ".sir") {
      actual = run_ir_golden(expected, path_);
    } else {
      ASSERT_FALSE(expected.runs.empty()) << "the file has no RUN, or a header that is not known";
      ASSERT_FALSE(std::string_view(STRATA_BINARY).empty()) << "there is no strata to run";
      for (GoldenRun& run : actual.runs) {
        run = run_command(run, expected);
      }
    }
    const std::string wanted = format_golden(actual, default_name);
    if (std::getenv("STRATA_UPDATE_GOLDENS") != nullptr) {
      if (wanted != text) {
        write_file(path_, wanted);
        GTEST_SKIP() << "rewritten: " << path_;
      }
      return;
    }
    EXPECT_EQ(text, wanted) << "STRATA_UPDATE_GOLDENS=1 accepts the new text";
    const bool fails = std::any_of(actual.runs.begin(), actual.runs.end(),
                                   [](const GoldenRun& run) { return run.exit_code != 0; });
    EXPECT_EQ(path_.filename().string().starts_with("fail_"), fails)
        << "a golden is called fail_… if and only if a run fails";
  }

 private:
  fs::path path_;
};

void register_goldens(const fs::path& root) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file() && entry.path().extension() != ".md") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    const std::string suite = fs::relative(path.parent_path(), root).string();
    const std::string name = path.filename().string();
    testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, path.c_str(), 1,
                          [path]() -> testing::Test* { return new GoldenTest(path); });
  }
}

}  // namespace
}  // namespace strata::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  strata::golden::register_goldens(STRATA_GOLDEN_DIR);
  return RUN_ALL_TESTS();
}
