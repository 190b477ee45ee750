#pragma once

#include <string>
#include <vector>

#include "backend/store/store_files.h"
#include "ir/base/result.h"

namespace strata::backend {

// `oci-layout` and `index.json`, which show the store to other tools as an image layout. strata
// reads neither; both are made again from what it knows.

// The index of the complete images that refs/ names. Under the lock "index".
[[nodiscard]] Result<void> rewrite_index(const Store& store, const StoreFiles& files);

// Makes what is not there. `oci-layout`, which never changes, is also made again when it differs.
[[nodiscard]] Result<void> restore_layout_files(const Store& store, const StoreFiles& files);

// Makes again what is not as it should be; the names of those that were damaged.
[[nodiscard]] Result<std::vector<std::string>> check_layout_files(const Store& store,
                                                                  const StoreFiles& files);

}  // namespace strata::backend
