// runtime.h: which runtime, and how it is started.
#include "backend/execute/runtime.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>

#include "backend/execute/cgroups.h"
#include "backend/execute/fresh_process.h"
#include "backend/execute/oci_spec.h"
#include "backend/system/files.h"
#include "ir/base/parse_json.h"
#include "ir/base/path.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr const char* kSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return is_program(name) ? name : "";
  }
  const char* own = std::getenv("PATH");
  const std::string path = fmt::format("{}:{}", own == nullptr ? "" : own, kSearchPath);
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    std::string candidate = path.substr(at, end - at) + "/" + name;
    // A relative entry would depend on where strata is started.
    if (candidate.front() == '/' && end > at && is_program(candidate)) {
      return candidate;
    }
    at = end + 1;
  }
  return "";
}

[[noreturn]] void become(const RuntimeCall& call, const std::vector<std::string>& arguments) {
  reset_signals();
  // Copies first: the targets may be among the sources.
  const std::array<int, 3> from = {call.standard_input, call.standard_output, call.standard_error};
  std::array<int, 3> copies{};
  for (std::size_t i = 0; i < from.size(); ++i) {
    copies[i] = ::fcntl(from[i], F_DUPFD_CLOEXEC, 3);
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    ::dup2(copies[i], static_cast<int>(i));
  }
  close_descriptors_but({});
  std::vector<std::string> copy = arguments;
  std::vector<char*> argv;
  argv.reserve(copy.size() + 1);
  for (std::string& argument : copy) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  std::string path = fmt::format("PATH={}", kSearchPath);
  const std::array<char*, 2> environment = {path.data(), nullptr};
  ::execve(call.runtime_path.c_str(), argv.data(), environment.data());
  ::_exit(127);
}

// Waits for a child for at most `seconds`; its status, or nullopt when it had to be killed.
std::optional<int> wait_for(pid_t pid, int seconds) {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int i = 0; i < seconds * 1000; ++i) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid) {
      return status;
    }
    ::nanosleep(&kPause, nullptr);
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return std::nullopt;
}

// The host's programs and libraries, read-only.
RunSpec self_test_spec() {
  RunSpec spec;
  for (const char* directory : {"/usr", "/bin", "/lib", "/lib64"}) {
    if (exists(directory)) {
      spec.binds.push_back({.source = directory, .target = directory});
    }
  }
  spec.args = {exists("/bin/true") ? "/bin/true" : "/usr/bin/true"};
  spec.env = {{"PATH", kSearchPath}};
  spec.cwd = "/";
  return spec;
}

Result<void> run_self_test(const Runtime& runtime, const ExecutorOptions& options,
                           const std::string& directory, const std::string& container) {
  STRATA_TRY(make_directories(directory + "/root"));
  BundleFacts facts;
  facts.root = directory + "/root";
  facts.cgroups_path = "/" + container;
  facts.cgroups = cgroup_version();
  facts.hierarchies = cgroup_hierarchies();
  facts.processes = runtime.processes;
  STRATA_ASSIGN(facts.limits, sandbox_limits());
  STRATA_ASSIGN(const std::string config, make_oci_config(self_test_spec(), facts));
  const Fd file(
      ::open((directory + "/config.json").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return errno_error(directory + "/config.json", errno);
  }
  STRATA_TRY(write_all(file, config, directory + "/config.json"));
  const Fd output(::memfd_create("strata-self-test", MFD_CLOEXEC));
  STRATA_ASSIGN(const Fd input, empty_input());
  STRATA_ASSIGN(const pid_t pid, start_runtime({.runtime_path = runtime.path,
                                                .state_directory = options.state_directory,
                                                .bundle = directory,
                                                .container = container,
                                                .mode = RuntimeCall::Mode::Foreground,
                                                .standard_input = input.get(),
                                                .standard_output = output.get(),
                                                .standard_error = output.get()}));
  constexpr int kSeconds = 30;
  const std::optional<int> status = wait_for(pid, kSeconds);
  if (status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0) {
    return {};
  }
  std::string message = logged_error(directory);
  if (message.empty() && ::lseek(output.get(), 0, SEEK_SET) == 0) {
    if (auto text = read_all(output, "self-test"); text.ok()) {
      message = *text;
    }
  }
  while (!message.empty() && message.back() == '\n') {
    message.pop_back();
  }
  if (message.empty()) {
    message = status ? fmt::format("it ended with status {:#x}", *status)
                     : fmt::format("it did not end within {} seconds", kSeconds);
  }
  return Error{says_no_space(message) ? ErrorCode::NoSpace : ErrorCode::Machine, message};
}

}  // namespace

std::vector<Runtime> candidate_runtimes(const std::string& wanted) {
  std::string name = wanted;
  if (const char* variable = std::getenv("STRATA_RUNTIME"); name.empty() && variable != nullptr) {
    name = variable;
  }
  if (!name.empty()) {
    return {{.name = name, .path = find_program(name)}};
  }
  return {{.name = "runc", .path = find_program("runc")},
          {.name = "crun", .path = find_program("crun")}};
}

Result<void> self_test(Runtime& runtime, const ExecutorOptions& options) {
  if (runtime.path.empty()) {
    return Error{ErrorCode::Machine, "not found"};
  }
  if (base_name(runtime.path) == "crun") {
    hide_hybrid_cgroups();
  }
  const std::string container = container_name(options.id, 0);
  const std::string directory = options.state_directory + "/self-test";
  using Processes = BundleFacts::Processes;
  runtime.processes = has_pids_controller() ? Processes::Limited : Processes::Unlimited;
  while (true) {
    Result<void> result = run_self_test(runtime, options, directory, container);
    static_cast<void>(remove_tree(directory));
    static_cast<void>(remove_tree(options.state_directory + "/" + container));
    remove_cgroups(container);
    if (result || runtime.processes == Processes::Unlimited) {
      return result;
    }
    runtime.processes = Processes::Unlimited;
  }
}

Result<Runtime> choose_runtime(const ExecutorOptions& options) {
  // The same for every runtime.
  STRATA_ASSIGN(const std::vector<Limit> limits, sandbox_limits());
  std::string tried;
  for (Runtime& runtime : candidate_runtimes(options.runtime)) {
    const Result<void> tested = self_test(runtime, options);
    if (tested) {
      return std::move(runtime);
    }
    if (tested.error().code == ErrorCode::NoSpace) {
      // Another runtime would not help, nor would installing one.
      return Error(tested.error()).with_context("a RUN cannot be started");
    }
    tried +=
        fmt::format("{}`{}`: {}", tried.empty() ? "" : "; ", runtime.name, tested.error().message);
  }
  return Error{
      ErrorCode::Machine,
      fmt::format("no OCI runtime works on this machine ({}); install runc or crun, or run "
                  "`strata doctor` to see what is missing",
                  tried)};
}

Result<pid_t> start_runtime(const RuntimeCall& call) {
  std::vector<std::string> arguments = {call.runtime_path,
                                        "--root",
                                        call.state_directory,
                                        "--log",
                                        call.bundle + "/log",
                                        "--log-format",
                                        "json",
                                        "run",
                                        "--bundle",
                                        call.bundle,
                                        "--pid-file",
                                        call.bundle + "/pid"};
  if (call.mode == RuntimeCall::Mode::Detached) {
    arguments.emplace_back("--detach");
  }
  arguments.push_back(call.container);
  const pid_t pid = ::fork();
  if (pid < 0) {
    return errno_error("fork", errno);
  }
  if (pid == 0) {
    become(call, arguments);
  }
  return pid;
}

pid_t started_process(const std::string& bundle) {
  const Result<std::string> text = read_file(bundle + "/pid");
  if (!text) {
    return -1;
  }
  const long pid = std::strtol(text->c_str(), nullptr, 10);
  return pid > 0 ? static_cast<pid_t>(pid) : -1;
}

std::string logged_error(const std::string& bundle) {
  const Result<std::string> text = read_file(bundle + "/log");
  std::string message;
  if (!text) {
    return message;
  }
  for (const std::string& entry : split_words(*text, '\n')) {
    const Result<nlohmann::json> line = parse_json(entry);
    if (line && line->is_object() && line->contains("msg") && line->at("msg").is_string() &&
        line->value("level", "") == "error") {
      message = line->at("msg").get<std::string>();
    }
  }
  return message;
}

bool says_no_space(std::string_view message) {
  constexpr std::array<std::string_view, 4> kTexts = {"no space left", "No space left",
                                                      "disk quota exceeded", "Disk quota exceeded"};
  return std::any_of(kTexts.begin(), kTexts.end(), [message](std::string_view text) {
    return message.find(text) != std::string_view::npos;
  });
}

int shell_code_of(std::string_view message) {
  constexpr int kNotFound = 127;
  constexpr int kNotExecutable = 126;
  const auto says = [message](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (!says("exec: \"") && !says("executable file") && !says("open executable")) {
    return 0;
  }
  if (says("ermission denied")) {
    return kNotExecutable;
  }
  return says("not found") || says("o such file") ? kNotFound : kNotExecutable;
}

Result<Fd> empty_input() {
  Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null.valid()) {
    return null;
  }
  // A bare chroot has no devices; a pipe that nobody writes to reads as empty too.
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return errno_error("pipe", errno);
  }
  ::close(ends[1]);
  return Fd(ends[0]);
}

}  // namespace strata::backend
