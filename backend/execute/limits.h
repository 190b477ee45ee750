#pragma once

#include <cstdint>
#include <vector>

#include "ir/base/result.h"

namespace strata::backend {

// A resource limit of a RUN, as an OCI runtime takes it; UINT64_MAX is none.
struct Limit {
  const char* type = "";
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

// All that there are, fixed by the sandbox profile, so that what a command makes does not depend on
// its caller's. A process that may not raise its own hard limits (without CAP_SYS_RESOURCE) hands
// on those instead, as long as they allow the fixed soft ones. Error Machine: they do not.
[[nodiscard]] Result<std::vector<Limit>> sandbox_limits();

}  // namespace strata::backend
