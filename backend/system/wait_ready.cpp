// Waits that a wish to stop ends: poll(2) in slices, since the signal may reach another thread.
#include "backend/system/wait_ready.h"

#include <poll.h>

#include <cerrno>
#include <ctime>

#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {

Result<void> wait_ready(int fd, short events, const std::string& name) {
  constexpr int kSliceMilliseconds = 100;
  for (;;) {
    STRATA_TRY(check_interrupted());
    pollfd waited{fd, events, 0};
    const int ready = ::poll(&waited, 1, kSliceMilliseconds);
    if (ready > 0) {
      // What is wrong with it, the read or write says.
      return {};
    }
    if (ready < 0 && errno != EINTR) {
      return errno_error(name, errno);
    }
  }
}

Result<void> pause_briefly() {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 20'000'000};
  STRATA_TRY(check_interrupted());
  (void)::nanosleep(&kPause, nullptr);
  return check_interrupted();
}

}  // namespace strata::backend
