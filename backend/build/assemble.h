#pragma once

#include "backend/build/builder.h"
#include "backend/build/roots.h"

namespace strata::backend {

// The image of a target whose steps are all bound in `roots`: layers written where they are
// missing, then config and manifest, stored and published under the image key.
[[nodiscard]] Result<BuiltImage> assemble(const BuildRequest& request, Roots& roots,
                                          std::size_t target);

}  // namespace strata::backend
