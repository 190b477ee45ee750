#pragma once

#include <memory>
#include <vector>

#include "backend/store/store.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/base/digest.h"

namespace strata::backend::oci {

// The bytes of a root's files: the topmost of each path. `trees` are the digests of its diff trees,
// bottom first, and `view` is of the same trees; `store` must outlive the content. A layer is
// unpacked (`ensure_root`) when its first file is opened: a COPY --from that takes one file of an
// image unpacks the one layer that holds it. Errors of open(): NotFound (the root has no such
// file), Corrupt (its unpacked layer has lost it), and those of `ensure_root`.
[[nodiscard]] std::shared_ptr<const Content> root_content(Store& store, std::vector<Digest> trees,
                                                          RootView view);

}  // namespace strata::backend::oci
