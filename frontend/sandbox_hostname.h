#pragma once

#include <string>

#include "frontend/frontend.h"

namespace strata::frontend {

// The host name that a RUN sees: the build argument BUILDKIT_SANDBOX_HOSTNAME, "" when it is not
// given or empty (then the sandbox profile's). Reports one that is no host name.
[[nodiscard]] std::string sandbox_hostname(const LowerRequest& request, Emitter& emitter);

}  // namespace strata::frontend
