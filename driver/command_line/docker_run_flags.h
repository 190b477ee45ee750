#pragma once

#include <string>
#include <vector>

namespace strata::driver {

// What to do instead of a flag of `docker run` that strata does not have, when the first of these
// words (what `run` did not understand, and all behind it) is one; else "".
[[nodiscard]] std::string docker_flag_pointer(const std::vector<std::string>& words);

}  // namespace strata::driver
