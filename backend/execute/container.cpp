// container.h: a run's root, bundle, process and end.
#include "backend/execute/container.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "backend/execute/cgroups.h"
#include "backend/execute/forwarded_signals.h"
#include "backend/execute/oci_spec.h"
#include "backend/execute/overlay.h"
#include "backend/execute/working_directory.h"
#include "backend/system/files.h"
#include "ir/base/check.h"

namespace strata::backend {
namespace {

constexpr int kSignalBase = 128;

RunOutcome outcome_of(int status) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return {.exit_code = signal != 0 ? kSignalBase + signal : WEXITSTATUS(status), .signal = signal};
}

// Every process of this PID namespace but this one, which is its PID 1: what the command left
// behind, and what a runtime left that did not end as it should.
void end_all_others() {
  STRATA_CHECK(::getpid() == 1, "a container outside of a PID namespace of its own");
  ::kill(-1, SIGKILL);
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

}  // namespace

Container::Container(RunRequest request, ContainerPlace place)
    : request_(std::move(request)), place_(std::move(place)) {
  tty_ = request_.spec.terminal == RunSpec::Terminal::Inherit &&
         ::isatty(request_.standard_input.get()) == 1;
}

Result<void> Container::mount_points() {
  const OverlayPaths paths = overlay_paths(request_.spec.scratch);
  STRATA_ASSIGN(stubs_, Stubs::open(paths.root, paths.upper));
  Result<void> made = make_mount_points();
  // Also after an error: what is there already has to go again.
  STRATA_TRY(stubs_->seal());
  return made;
}

Result<void> Container::make_mount_points() {
  for (const char* directory : {"/proc", "/sys", "/dev"}) {
    STRATA_ASSIGN(const std::string resolved,
                  stubs_->ensure(directory, Stubs::Kind::Directory, Stubs::Final::Replace));
  }
  struct HostFile {
    const char* path;
    std::string* target;
  };
  for (const HostFile& file :
       {HostFile{"/etc/resolv.conf", &resolv_conf_}, HostFile{"/etc/hosts", &hosts_}}) {
    struct stat status {};
    if (::stat(file.path, &status) != 0 || !S_ISREG(status.st_mode)) {
      continue;
    }
    auto target = stubs_->ensure(file.path, Stubs::Kind::File, Stubs::Final::Replace);
    // A root where /etc cannot hold the file does without it.
    if (!target && target.error().code != ErrorCode::Input) {
      return std::move(target).error();
    }
    *file.target = target ? *target : "";
  }
  STRATA_TRY(tmpfs_points());
  STRATA_TRY(bind_points());
  STRATA_ASSIGN(request_.spec.cwd,
                usable_working_directory(request_.spec.cwd, request_.spec.binds, *stubs_));
  return {};
}

Result<void> Container::tmpfs_points() {
  for (RunSpec::Tmpfs& one : request_.spec.tmpfs) {
    if (!is_covered_by_the_runtime(one.target)) {
      STRATA_ASSIGN(one.target,
                    stubs_->ensure(one.target, Stubs::Kind::Directory, Stubs::Final::Follow));
    }
  }
  return {};
}

Result<void> Container::bind_points() {
  for (RunSpec::Bind& bind : request_.spec.binds) {
    struct stat status {};
    if (::stat(bind.source.c_str(), &status) != 0) {
      return errno_error(bind.source, errno);
    }
    if (!is_covered_by_the_runtime(bind.target)) {
      const auto kind = S_ISDIR(status.st_mode) ? Stubs::Kind::Directory : Stubs::Kind::File;
      STRATA_ASSIGN(bind.target, stubs_->ensure(bind.target, kind, Stubs::Final::Follow));
    }
  }
  return {};
}

Result<std::string> Container::config(const Runtime& runtime) const {
  STRATA_ASSIGN(std::vector<Limit> limits, sandbox_limits());
  return make_oci_config(request_.spec,
                         {
                             .root = overlay_paths(request_.spec.scratch).root,
                             .cgroups_path = "/" + place_.name,
                             .resolv_conf = resolv_conf_,
                             .hosts = hosts_,
                             .cgroups = cgroup_version(),
                             .hierarchies = cgroup_hierarchies(),
                             .processes = runtime.processes,
                             .limits = std::move(limits),
                             .tty = tty_ ? BundleFacts::Tty::Yes : BundleFacts::Tty::No,
                             .rows = rows_,
                             .columns = columns_,
                         });
}

Result<void> Container::start(const Runtime& runtime) {
  STRATA_TRY(clamp_root_time(request_.spec.scratch, request_.spec.epoch));
  STRATA_TRY(mount_points());
  follow_terminal_size();
  STRATA_ASSIGN(const std::string text, config(runtime));
  STRATA_TRY(make_directories(bundle()));
  const std::string path = bundle() + "/config.json";
  // It may hold secrets in its environment.
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return errno_error(path, errno);
  }
  STRATA_TRY(write_all(file, text, path));
  if (!request_.standard_input.valid()) {
    STRATA_ASSIGN(request_.standard_input, empty_input());
  }
  STRATA_ASSIGN(runtime_process_, start_runtime({.runtime_path = runtime.path,
                                                 .state_directory = place_.state_directory,
                                                 .bundle = bundle(),
                                                 .container = place_.name,
                                                 .mode = tty_ ? RuntimeCall::Mode::Foreground
                                                              : RuntimeCall::Mode::Detached,
                                                 .standard_input = request_.standard_input.get(),
                                                 .standard_output = request_.standard_output.get(),
                                                 .standard_error = request_.standard_error.get()}));
  return {};
}

Result<RunOutcome> Container::run(const Runtime& runtime) {
  STRATA_TRY(mount_overlay(request_.spec.lowers, request_.spec.scratch));
  Result<RunOutcome> outcome = run_process(runtime);
  end_all_others();
  Result<void> cleaned = unmount_overlay(request_.spec.scratch);
  if (cleaned && stubs_) {
    cleaned = stubs_->remove(overlay_paths(request_.spec.scratch).upper);
  }
  static_cast<void>(remove_tree(bundle()));
  if (outcome && !cleaned) {
    return std::move(cleaned).error();
  }
  return outcome;
}

Result<RunOutcome> Container::run_process(const Runtime& runtime) {
  STRATA_TRY(start(runtime));
  Result<RunOutcome> outcome = wait();
  if (outcome && ended_by_ != 0) {
    *outcome = {.exit_code = kSignalBase + ended_by_, .signal = ended_by_};
  }
  return outcome;
}

// The next process that has ended, waited for; -1 when there is none.
pid_t Container::next_ended(int& status) {
  constexpr timespec kTick{.tv_sec = 0, .tv_nsec = 50'000'000};
  // Blocked all the time, so none is missed.
  sigset_t heard = forwarded_signals();
  ::sigaddset(&heard, SIGCHLD);
  while (true) {
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid > 0 || (pid < 0 && errno != EINTR)) {
      return pid;
    }
    // The terminal's size has no signal here: the container's terminal is another one.
    const int number = ::sigtimedwait(&heard, nullptr, tty_ ? &kTick : nullptr);
    if (number > 0 && number != SIGCHLD) {
      forward(number);
    }
    if (tty_) {
      // In the foreground the runtime does not end when the process has started.
      process_ = started_process(bundle());
      forward_early();
      follow_terminal_size();
    }
  }
}

void Container::forward(int number) {
  if (process_ < 0) {
    early_.push_back(number);
  } else if (give_signal(process_, number)) {
    ended_by_ = number;
  }
}

void Container::forward_early() {
  if (process_ < 0) {
    return;
  }
  for (const int number : std::exchange(early_, {})) {
    forward(number);
  }
}

Result<RunOutcome> Container::wait() {
  // Processes that ended before the runtime told which one it started.
  std::map<pid_t, int> ended;
  int status = 0;
  for (pid_t pid = 0; (pid = next_ended(status)) > 0;) {
    if (pid == runtime_process_) {
      runtime_process_ = -1;
      STRATA_ASSIGN(const std::optional<RunOutcome> outcome, runtime_ended(status));
      if (outcome) {
        return *outcome;
      }
      process_ = started_process(bundle());
      if (const auto found = ended.find(process_); found != ended.end()) {
        return outcome_of(found->second);
      }
      forward_early();
    } else if (pid == process_) {
      return outcome_of(status);
    } else if (process_ < 0) {
      ended[pid] = status;
    }
  }
  return Error{ErrorCode::Machine, "the OCI runtime left no process"};
}

Result<std::optional<RunOutcome>> Container::runtime_ended(int status) const {
  const pid_t started = started_process(bundle());
  if (tty_ && started > 0 && WIFEXITED(status)) {
    // In the foreground the runtime exits as the process did.
    return std::optional(RunOutcome{.exit_code = WEXITSTATUS(status), .signal = 0});
  }
  if (!tty_ && started > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return std::optional<RunOutcome>();
  }
  if (WIFSIGNALED(status)) {
    return Error{ErrorCode::Machine,
                 fmt::format("the OCI runtime was killed by signal {}", WTERMSIG(status))};
  }
  const std::string message = logged_error(bundle());
  if (const int code = shell_code_of(message); code != 0) {
    return std::optional(RunOutcome{.exit_code = code, .signal = 0});
  }
  if (says_no_space(message)) {
    return Error{ErrorCode::NoSpace, "a RUN cannot be started: " + message};
  }
  return Error{
      ErrorCode::Machine,
      fmt::format("the container does not start: {}; `strata doctor` tells what this machine lacks",
                  message.empty()
                      ? fmt::format("the runtime ended with code {}", WEXITSTATUS(status))
                      : message)};
}

void Container::follow_terminal_size() {
  winsize size{};
  if (!tty_ || ::ioctl(request_.standard_input.get(), TIOCGWINSZ, &size) != 0) {
    return;
  }
  if (runtime_process_ > 0 && (size.ws_row != rows_ || size.ws_col != columns_)) {
    ::kill(runtime_process_, SIGWINCH);
  }
  rows_ = size.ws_row;
  columns_ = size.ws_col;
}

}  // namespace strata::backend
