#pragma once

#include <string>

#include "backend/store/store_files.h"
#include "ir/base/result.h"

namespace strata::backend {

// A name for this process's use of a store, that no other has had.
[[nodiscard]] Result<std::string> new_build_id();

// Whether a directory of tmp/ is gone or belongs to nobody: its lease can be locked or is not
// there. Between the two one is half made: who acts on the answer holds the lock "tmp".
[[nodiscard]] bool is_abandoned(const std::string& directory);

// Makes tmp/<build id> with its lease, takes over what builds of dead processes left in tmp/ and
// removes it. Only directories with a build id's name are touched.
[[nodiscard]] Result<void> open_scratch(StoreFiles& files);

}  // namespace strata::backend
