// Signals, descriptors and parent of a forked child.
#include "backend/execute/fresh_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace strata::backend {
namespace {

void close_from_to(unsigned first, unsigned last) {
  if (first > last || ::close_range(first, last, 0) == 0) {
    return;
  }
  // Before Linux 5.9.
  const long most = ::sysconf(_SC_OPEN_MAX);
  for (unsigned fd = first; fd <= last && static_cast<long>(fd) < most; ++fd) {
    ::close(static_cast<int>(fd));
  }
}

}  // namespace

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    // Two of them cannot be set.
    static_cast<void>(::signal(number, SIG_DFL));
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_descriptors_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (fd >= 0 && number >= first) {
      close_from_to(first, number - 1);
      first = number + 1;
    }
  }
  close_from_to(first, ~0U);
}

void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(EXIT_FAILURE);
  }
}

}  // namespace strata::backend
