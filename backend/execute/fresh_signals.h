#pragma once

namespace strata::backend {

// Signals as a fresh process has them: what strata ignores or blocks is not inherited by a RUN.
// Only for a child that was just forked.
void reset_signals();

}  // namespace strata::backend
