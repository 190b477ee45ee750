#pragma once

#include <string>
#include <vector>

#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::driver {

// The one of `known` that a user means by `text`: at least four hex digits of it, with or without
// `sha256:`, as git takes object names. Errors: Input (too short; ambiguous, and then which ones
// are meant), NotFound (`none`, a sentence for people).
[[nodiscard]] Result<Digest> find_digest(std::vector<Digest> known, const std::string& text,
                                         const std::string& none);

}  // namespace strata::driver
