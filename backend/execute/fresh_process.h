#pragma once

#include <sys/types.h>

#include <vector>

namespace strata::backend {

// What a child that was just forked does before it is anything else. Only for such a child.

// Signals as a fresh process has them: what strata ignores or blocks is not inherited by a RUN.
void reset_signals();

// Closes every descriptor but the first three and `kept`: a lease, a pipe or a directory of
// strata's must not live on in another process (CVE-2024-21626).
void close_descriptors_but(std::vector<int> kept);

// Dies with its parent, even if that is already gone.
void die_with(pid_t parent);

}  // namespace strata::backend
