#pragma once

#include <string>
#include <vector>

#include "backend/oci/image.h"
#include "backend/store/store.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

enum class Unpack { No, Yes };

struct LayerTreesOptions {
  // Yes: each layer's root is put in the store in the same pass.
  Unpack unpack = Unpack::No;
};

// The digests of an image's diff trees, bottom first; the store has the files of each, as a root or
// in a blob. Layers whose chain ID the store does not know, or whose files it has lost, are
// streamed once, each over the trees below, and checked against their diffIDs; their trees, chain
// IDs and blobs (profile `pulled:<media type>`) are recorded. Safe for several processes: one reads
// a layer, the others wait for it. Error Corrupt: a layer's blob is not in the store, or it is not
// what the config says; a damaged blob is quarantined.
[[nodiscard]] Result<std::vector<Digest>> layer_trees(Store& store, const Image& image,
                                                      const LayerTreesOptions& options = {});

// The path of the unpacked tree: the root that the store has, else one unpacked from any layer blob
// of the tree and compared with it. `below`: the trees that the layer lies on, bottom first; only
// needed for pulled layers whose entries go through symlinks of lower ones, or whose hard links
// name files of lower ones, which are unpacked then. Error Corrupt: no blob, no tree, a damaged
// one.
[[nodiscard]] Result<std::string> ensure_root(Store& store, const Digest& tree,
                                              const std::vector<Digest>& below = {});

}  // namespace strata::backend::oci
