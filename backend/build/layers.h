#pragma once

#include <memory>

#include "backend/layer/layer.h"
#include "backend/store/store.h"
#include "backend/tree/content.h"

namespace strata::backend {

// The layer blob of a tree in a profile: the stored one, else written now from `content` (may be
// nullptr: from the tree's unpacked root, which is made from another profile's blob when there is
// none).
[[nodiscard]] Result<LayerBlob> ensure_layer(Store& store, const std::shared_ptr<const Tree>& tree,
                                             const Digest& digest,
                                             const std::shared_ptr<const Content>& content,
                                             const EmissionProfile& profile, unsigned jobs);

}  // namespace strata::backend
