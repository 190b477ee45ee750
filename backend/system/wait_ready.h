#pragma once

#include <string>

#include "ir/base/result.h"

namespace strata::backend {

// Waits until reading (POLLIN) or writing (POLLOUT) a piece of at most PIPE_BUF bytes of `fd` would
// not block: at once for files, and when the other end is gone. Error Interrupted.
[[nodiscard]] Result<void> wait_ready(int fd, short events, const std::string& name);

// Lets some milliseconds pass between two attempts at what cannot be waited for. Error Interrupted.
[[nodiscard]] Result<void> pause_briefly();

}  // namespace strata::backend
