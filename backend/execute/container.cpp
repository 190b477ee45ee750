// container.h: a run's root, bundle, process and clean-up.
#include "backend/execute/container.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/execute/oci_spec.h"
#include "backend/execute/overlay.h"
#include "backend/execute/sandbox.h"
#include "backend/execute/wire.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
  return path == directory ||
         (path.size() > directory.size() && path.substr(0, directory.size()) == directory &&
          path[directory.size()] == '/');
}

// On these the runtime mounts file systems of its own, so nothing in the root is seen there.
bool is_covered(std::string_view path) {
  return is_below(path, "/proc") || is_below(path, "/sys") || is_below(path, "/dev");
}

}  // namespace

Container::Container(RunRequest request, std::string name)
    : request_(std::move(request)), name_(std::move(name)) {
  tty_ = request_.spec.terminal == RunSpec::Terminal::Inherit &&
         ::isatty(request_.standard_input.get()) == 1;
}

bool Container::below_bind(const std::string& path) const {
  return std::any_of(request_.spec.binds.begin(), request_.spec.binds.end(),
                     [&](const RunSpec::Bind& bind) { return is_below(path, bind.target); });
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
  for (RunSpec::Bind& bind : request_.spec.binds) {
    struct stat status {};
    if (::stat(bind.source.c_str(), &status) != 0) {
      return errno_error(bind.source, errno);
    }
    if (!is_covered(bind.target)) {
      const auto kind = S_ISDIR(status.st_mode) ? Stubs::Kind::Directory : Stubs::Kind::File;
      STRATA_ASSIGN(bind.target, stubs_->ensure(bind.target, kind, Stubs::Final::Follow));
    }
  }
  return working_directory();
}

// Resolved here, so that no symlink of the image can lead the runtime to a descriptor of its own
// below /proc.
Result<void> Container::working_directory() {
  std::string& cwd = request_.spec.cwd;
  if (cwd.empty()) {
    cwd = "/";
  }
  if (cwd.front() != '/') {
    return Error{ErrorCode::Input, fmt::format("working directory `{}` is not absolute", cwd)};
  }
  if (!below_bind(cwd) && !is_covered(cwd)) {
    STRATA_ASSIGN(cwd, stubs_->ensure(cwd, Stubs::Kind::Directory, Stubs::Final::Follow));
  }
  if (is_below(cwd, "/proc") || cwd.find("/..") != std::string::npos) {
    return Error{
        ErrorCode::Input,
        fmt::format("working directory `{}` cannot be used: it is in /proc or has `..`", cwd)};
  }
  return {};
}

Result<void> Container::start(const Runtime& runtime, const std::string& state_directory) {
  STRATA_TRY(mount_overlay(request_.spec.lowers, request_.spec.scratch));
  STRATA_TRY(clamp_root_time(request_.spec.scratch, request_.spec.epoch));
  mounted_ = true;
  STRATA_TRY(mount_points());
  follow_terminal_size();
  const BundleFacts facts = {
      .root = overlay_paths(request_.spec.scratch).root,
      .cgroups_path = "/" + name_,
      .resolv_conf = resolv_conf_,
      .hosts = hosts_,
      .cgroups = cgroup_version(),
      .processes = runtime.processes,
      .tty = tty_ ? BundleFacts::Tty::Yes : BundleFacts::Tty::No,
      .rows = rows_,
      .columns = columns_,
  };
  STRATA_ASSIGN(const std::string config, make_oci_config(request_.spec, facts));
  STRATA_TRY(make_directories(bundle()));
  const std::string path = bundle() + "/config.json";
  // It may hold secrets in its environment.
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return errno_error(path, errno);
  }
  STRATA_TRY(write_all(file, config, path));
  if (!request_.standard_input.valid()) {
    STRATA_ASSIGN(request_.standard_input, empty_input());
  }
  STRATA_ASSIGN(runtime_process_, start_runtime({.runtime_path = runtime.path,
                                                 .state_directory = state_directory,
                                                 .bundle = bundle(),
                                                 .container = name_,
                                                 .mode = tty_ ? RuntimeCall::Mode::Foreground
                                                              : RuntimeCall::Mode::Detached,
                                                 .standard_input = request_.standard_input.get(),
                                                 .standard_output = request_.standard_output.get(),
                                                 .standard_error = request_.standard_error.get()}));
  return {};
}

std::optional<Result<RunOutcome>> Container::runtime_ended(int status) {
  runtime_process_ = -1;
  const pid_t started = started_process(bundle());
  if (tty_ && started > 0 && WIFEXITED(status)) {
    // In the foreground the runtime exits as the process did.
    return Result<RunOutcome>(RunOutcome{.exit_code = WEXITSTATUS(status), .signal = 0});
  }
  if (!tty_ && started > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    process_ = started;
    return std::nullopt;
  }
  const std::string message = logged_error(bundle());
  if (const int code = shell_code_of(message); code != 0) {
    return Result<RunOutcome>(RunOutcome{.exit_code = code, .signal = 0});
  }
  return Result<RunOutcome>(
      Error{ErrorCode::Machine,
            fmt::format("the container does not start: {}; `strata doctor` tells what this machine "
                        "lacks",
                        message.empty() ? fmt::format("the runtime ended with status {:#x}", status)
                                        : message)});
}

void Container::finish(Result<RunOutcome> outcome, const std::string& state_directory) {
  if (cancelled_) {
    outcome = Error{ErrorCode::Interrupted, "interrupted"};
  }
  const std::string& scratch = request_.spec.scratch;
  Result<void> cleaned;
  if (mounted_) {
    cleaned = unmount_overlay(scratch);
    if (cleaned && stubs_) {
      cleaned = stubs_->remove(overlay_paths(scratch).upper);
    }
  }
  // The runtime's own `delete` would cost another start of it.
  static_cast<void>(remove_tree(state_directory + "/" + name_));
  static_cast<void>(remove_tree(bundle()));
  remove_cgroups(name_);
  if (outcome.ok() && !cleaned) {
    outcome = std::move(cleaned).error();
  }
  // Nobody may be left to hear it.
  static_cast<void>(send_packet(request_.reply, pack_reply(outcome), {}));
}

void Container::cancel() {
  cancelled_ = true;
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
  } else if (tty_ && started_process(bundle()) > 0) {
    ::kill(started_process(bundle()), SIGKILL);
  }
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
