#pragma once

#include <string>
#include <vector>

#include "backend/build/builder.h"
#include "driver/compilation.h"
#include "driver/image_names.h"

namespace strata::driver {

// The end of a build in one or two lines for a person: what ran and what was cached, the slowest
// step with its place, what was pushed, loaded and written. `seconds`: from the start of the
// command. Ends with a newline.
[[nodiscard]] std::string summary_of_build(const Compilation& compilation,
                                           const backend::BuildOutcome& outcome,
                                           const std::vector<ImageNames>& names, double seconds);

}  // namespace strata::driver
