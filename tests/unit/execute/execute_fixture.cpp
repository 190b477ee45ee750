// execute_fixture.h: roots from copies of /bin/sh and friends.
#include "execute_fixture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

namespace fs = std::filesystem;

// Copies programs and, by ldd, what they need, under their own paths.
void copy_programs(const std::string& root, const std::vector<std::string>& programs) {
  std::set<std::string> files(programs.begin(), programs.end());
  for (const std::string& program : programs) {
    FILE* pipe = ::popen(("ldd " + program).c_str(), "re");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 512> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
      const std::string text = line.data();
      if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
        files.insert(text.substr(slash, text.find(' ', slash) - slash));
      }
    }
    ::pclose(pipe);
  }
  for (const std::string& file : files) {
    fs::create_directories(root + fs::path(file).parent_path().string());
    fs::copy_file(file, root + file, fs::copy_options::overwrite_existing);
  }
}

// Made once: every test lays its overlay over it.
const std::string& program_root() {
  // Never destroyed: the exit handler, which runs after destructors, needs it.
  static const std::string& root = *new std::string([] {
    std::string path = fmt::format("/tmp/strata-execute-root-{}", ::getpid());
    fs::create_directories(path);
    fs::permissions(path, fs::perms(0755));
    copy_programs(path, {"/bin/sh", "/bin/true", "/bin/cat", "/bin/ls", "/bin/sleep", "/bin/mkdir",
                         "/bin/rm", "/bin/touch", "/bin/mv", "/bin/chmod", "/usr/bin/id",
                         "/usr/bin/env", "/bin/ln", "/usr/bin/stat", "/bin/rmdir",
                         "/usr/bin/readlink", "/bin/stty", "/usr/bin/unshare"});
    (void)std::atexit([] { static_cast<void>(remove_tree(program_root())); });
    return path;
  }());
  return root;
}

}  // namespace

void ExecuteTest::SetUp() {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root: overlay mounts and namespaces";
  }
  static int number = 0;
  id_ = fmt::format("unit-{}-{}", ::getpid(), number++);
  path_ = "/tmp/strata-execute-" + id_;
  base_ = program_root();
  fs::create_directories(path_);
}

void ExecuteTest::TearDown() {
  executor_.reset();
  if (!path_.empty()) {
    EXPECT_TRUE(mounts_with(path_).empty());
    EXPECT_TRUE(cgroups().empty()) << testing::PrintToString(cgroups());
    EXPECT_TRUE(remove_tree(path_).ok());
  }
}

void ExecuteTest::start(const std::string& runtime) {
  auto started =
      Executor::start({.runtime = runtime, .id = id_, .state_directory = path_ + "/state"});
  ASSERT_TRUE(started.ok()) << started.error().message;
  executor_ = *std::move(started);
}

RunSpec ExecuteTest::shell(const std::string& script) {
  RunSpec spec;
  spec.lowers = {base_};
  spec.scratch = directory(fmt::format("scratch-{}", next_++));
  spec.args = {"/bin/sh", "-c", script};
  spec.env = {{"PATH", "/usr/bin:/bin"}};
  spec.cwd = "/";
  spec.epoch = 1700000000;
  return spec;
}

Result<RunOutcome> ExecuteTest::run(const RunSpec& spec) {
  const Fd output(::memfd_create("output", MFD_CLOEXEC));
  Result<RunOutcome> outcome = executor_->run(spec, output);
  ::lseek(output.get(), 0, SEEK_SET);
  output_ = *read_all(output, "output");
  return outcome;
}

Result<RunOutcome> ExecuteTest::run_cancelled_after(std::chrono::milliseconds delay) {
  const RunSpec spec = shell("sleep 1000");
  std::thread killer([&] {
    std::this_thread::sleep_for(delay);
    executor_->cancel();
  });
  Result<RunOutcome> outcome = run(spec);
  killer.join();
  return outcome;
}

std::vector<std::string> ExecuteTest::upper(const RunSpec& spec) {
  std::vector<std::string> result;
  const std::string root = spec.scratch + "/upper";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const fs::file_type type = entry.symlink_status().type();
    const char* letter = type == fs::file_type::directory   ? "d "
                         : type == fs::file_type::regular   ? "f "
                         : type == fs::file_type::symlink   ? "l "
                         : type == fs::file_type::character ? "c "
                                                            : "? ";
    result.push_back(letter + entry.path().string().substr(root.size() + 1));
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string ExecuteTest::directory(const std::string& name) {
  std::string result = path_ + "/" + name;
  fs::create_directories(result);
  return result;
}

void ExecuteTest::write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << text;
}

std::vector<std::string> ExecuteTest::cgroups() const {
  std::vector<std::string> result;
  const auto look = [&](const std::string& hierarchy) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(hierarchy, error)) {
      if (entry.path().filename().string().find(id_) != std::string::npos) {
        result.push_back(entry.path().string());
      }
    }
  };
  look("/sys/fs/cgroup");
  for (const auto& entry : fs::directory_iterator("/sys/fs/cgroup")) {
    if (entry.is_directory()) {
      look(entry.path().string());
    }
  }
  return result;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

std::vector<std::string> processes_with(const std::string& text) {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos ||
        pid == std::to_string(::getpid())) {
      continue;
    }
    for (const char* file : {"/cmdline", "/mountinfo"}) {
      const auto content = read_file(entry.path().string() + file);
      if (content.ok() && content->find(text) != std::string::npos) {
        result.push_back(pid + file + ": " + *content);
      }
    }
  }
  return result;
}

std::vector<std::string> mounts_with(const std::string& text) {
  std::vector<std::string> result;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.find(text) != std::string::npos) {
      result.push_back(line);
    }
  }
  return result;
}

}  // namespace strata::backend
