#pragma once

#include "backend/execute/executor.h"

namespace strata::backend {

// The executor's side that starts containers: a loop over requests, signals and timers, in one
// thread. `unshare_errno` is why it is not in namespaces of its own, or 0; then every run is
// refused. Ends, and the kernel everything in its PID namespace with it, when the other side of
// `socket` is closed.
[[noreturn]] void serve_runs(Fd socket, const ExecutorOptions& options, int unshare_errno);

}  // namespace strata::backend
