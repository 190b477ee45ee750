// namespaced_child.h: unshare(2) puts the next child into a PID namespace, setns(2) takes the
// caller's later ones out of it again.
#include "backend/execute/namespaced_child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>

#include "backend/execute/fresh_process.h"
#include "backend/execute/wire.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

Error machine_error(const char* what, int number) {
  Error error = errno_error(what, number);
  error.code = ErrorCode::Machine;
  return error;
}

// What is mounted here stays here: the parent's mounts are private.
Result<void> enter_own_mounts() {
  if (::unshare(CLONE_NEWNS) != 0) {
    return machine_error("a mount namespace for a container", errno);
  }
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return machine_error("mounting /proc for a container", errno);
  }
  return {};
}

[[noreturn]] void be_child(const char* name, std::vector<int> kept, const Fd& report,
                           const ChildBody& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, name);
  kept.push_back(report.get());
  close_descriptors_but(std::move(kept));
  try {
    // The parent may be gone, and this process with it at once.
    static_cast<void>(send_packet(report, body(enter_own_mounts()), {}));
  } catch (const std::exception&) {
    // Out of memory: the parent sees that there is no report.
    ::_exit(EXIT_FAILURE);
  }
  ::_exit(EXIT_SUCCESS);
}

}  // namespace

Result<NamespacedChild> fork_namespaced(const char* name, const std::vector<int>& kept,
                                        const ChildBody& body) {
  const Fd own(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  if (!own.valid()) {
    return machine_error("/proc/self/ns/pid", errno);
  }
  STRATA_ASSIGN(SocketPair sockets, make_socket_pair());
  if (::unshare(CLONE_NEWPID) != 0) {
    return machine_error("a PID namespace for a container", errno);
  }
  const pid_t child = ::fork();
  const int fork_errno = errno;
  if (child == 0) {
    be_child(name, kept, sockets.second, body);
  }
  // Should it fail, this child is well, and the next one's unshare(2) says why it is none.
  static_cast<void>(::setns(own.get(), CLONE_NEWPID));
  if (child < 0) {
    return machine_error("fork", fork_errno);
  }
  return NamespacedChild{child, std::move(sockets.first)};
}

}  // namespace strata::backend
