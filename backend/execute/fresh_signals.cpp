// Signal dispositions and mask of a forked child.
#include "backend/execute/fresh_signals.h"

#include <signal.h>

namespace strata::backend {

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    // Two of them cannot be set.
    static_cast<void>(::signal(number, SIG_DFL));
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace strata::backend
