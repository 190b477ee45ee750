#pragma once

#include <string>

namespace strata::backend {

// The `linux.seccomp` object of a run, as JSON: what Docker's default profile is for this
// architecture and the default capabilities. Part of the sandbox profile: a change here changes
// keys.
[[nodiscard]] const std::string& seccomp_profile_json();

}  // namespace strata::backend
