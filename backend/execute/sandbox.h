#pragma once

#include "ir/base/result.h"

namespace strata::backend {

// In a fresh mount and PID namespace: makes every mount private, `/` a mount point (pivot_root
// refuses the plain directory of a chroot), mounts its own /proc, and /sys and cgroups where the
// machine has none mounted. Error Machine.
[[nodiscard]] Result<void> enter_sandbox();

}  // namespace strata::backend
