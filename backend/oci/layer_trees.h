#pragma once

#include <string>
#include <vector>

#include "backend/oci/image.h"
#include "backend/store/store.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

struct LayerTreesOptions {
  // Unpack each layer into the store's roots in the same pass.
  bool unpack = false;
};

// The diff trees of an image whose layer blobs are in the store, bottom first: each blob is read
// once per store (chains/), its diffID is checked against the config, and the blob is recorded as a
// layer of its tree (profile "pulled:<media type>").
[[nodiscard]] Result<std::vector<Digest>> layer_trees(Store& store, const Image& image,
                                                      const LayerTreesOptions& options);

// The directory of a diff tree, unpacked from any layer blob of it when the store has no root yet.
[[nodiscard]] Result<std::string> ensure_root(Store& store, const Digest& tree);

}  // namespace strata::backend::oci
