#pragma once

#include "ir/base/result.h"

namespace strata::backend {

// The user's wish that this process ends its work (Ctrl-C, SIGTERM). It is asked for by every loop
// over many bytes or files and by every wait, so that an exit follows within two seconds of the
// signal. Once requested it stays: what goes on afterwards cleans up, and does not ask. Any thread,
// signal handlers included.
void request_interrupt();
[[nodiscard]] bool interrupted();
// Error Interrupted once it was requested.
[[nodiscard]] Result<void> check_interrupted();

}  // namespace strata::backend
