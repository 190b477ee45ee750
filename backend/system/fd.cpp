// Fd: closing of an owned descriptor.
#include "backend/system/fd.h"

#include <unistd.h>

namespace strata::backend {

void Fd::reset() {
  if (fd_ >= 0) {
    // EINTR included, Linux has released the descriptor when close() returns.
    (void)::close(fd_);
    fd_ = -1;
  }
}

}  // namespace strata::backend
