// probe.h: children that try something and say how it went over a pipe.
#include "backend/execute/probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>

#include "backend/execute/overlay.h"
#include "backend/execute/sandbox.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {
namespace {

// What the report of an attempt that worked begins with; its remark follows.
const std::string kWorks = "works: ";

// Returns a remark.
using Attempt = std::function<Result<std::string>(const std::string& scratch)>;

// The first child leaves the namespaces of this process; its child is PID 1 of the new ones.
[[noreturn]] void child(const Attempt& attempt, const std::string& scratch, const Fd& report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Result<std::string> result = std::string();
  if (::unshare(CLONE_NEWNS | CLONE_NEWPID) != 0) {
    result = errno_error("new mount and PID namespaces", errno);
  } else if (const pid_t pid = ::fork(); pid > 0) {
    ::waitpid(pid, nullptr, 0);
    ::_exit(EXIT_SUCCESS);
  } else if (pid < 0) {
    result = errno_error("fork", errno);
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Result<void> entered = enter_sandbox();
    result = entered ? attempt(scratch) : entered.error();
  }
  static_cast<void>(
      write_all(report, result ? kWorks + *result : result.error().message, "report"));
  ::_exit(EXIT_SUCCESS);
}

// What the child says until it closes its end; it is killed when the user wants to stop.
Result<std::string> await_report(const Fd& reader, pid_t child) {
  constexpr int kTick = 100;
  std::string report;
  std::array<char, 4096> buffer{};
  while (true) {
    if (auto wanted = check_interrupted(); !wanted) {
      ::kill(child, SIGKILL);
      return std::move(wanted).error();
    }
    pollfd ready{.fd = reader.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, kTick) <= 0) {
      continue;
    }
    const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
    if (count == 0) {
      return report;
    }
    report.append(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  }
}

Result<std::string> try_in_child(const Attempt& attempt, const std::string& directory) {
  std::string scratch = directory + "/strata-doctor-XXXXXX";
  if (::mkdtemp(scratch.data()) == nullptr) {
    return errno_error(directory, errno);
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return errno_error("pipe", errno);
  }
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    child(attempt, scratch, writer);
  }
  writer.reset();
  Result<std::string> report = errno_error("fork", errno);
  if (pid > 0) {
    report = await_report(reader, pid);
    ::waitpid(pid, nullptr, 0);
  }
  static_cast<void>(remove_tree(scratch));
  if (!report) {
    return std::move(report).error();
  }
  if (report->starts_with(kWorks)) {
    return report->substr(kWorks.size());
  }
  return Error{ErrorCode::Machine, report->empty() ? "the attempt ended unexpectedly" : *report};
}

Result<std::string> use_overlay(const std::string& scratch) {
  const std::string lower = scratch + "/lower";
  STRATA_TRY(make_directories(lower + "/directory"));
  STRATA_TRY(mount_overlay({lower}, scratch));
  const OverlayPaths paths = overlay_paths(scratch);
  // A whiteout and a copied-up directory: what the upper's file system must be able to hold.
  const bool good = ::rmdir((paths.root + "/directory").c_str()) == 0 &&
                    ::mkdir((paths.root + "/directory").c_str(), 0755) == 0;
  const int number = errno;
  STRATA_TRY(unmount_overlay(scratch));
  return good ? Result(std::string()) : errno_error("writing through an overlay", number);
}

}  // namespace

Result<void> probe_overlay(const std::string& directory) {
  STRATA_ASSIGN(const std::string remark, try_in_child(use_overlay, directory));
  return {};
}

Result<std::string> probe_runtime(const Runtime& runtime, const std::string& directory) {
  return try_in_child(
      [&runtime](const std::string& scratch) -> Result<std::string> {
        Runtime tested = runtime;
        STRATA_TRY(
            self_test(tested, {.runtime = runtime.name,
                               .id = fmt::format("doctor-{}", scratch.substr(scratch.size() - 6)),
                               .state_directory = scratch + "/state"}));
        return std::string(tested.processes == BundleFacts::Processes::Limited
                               ? ""
                               : "without a limit on their processes");
      },
      directory);
}

}  // namespace strata::backend
