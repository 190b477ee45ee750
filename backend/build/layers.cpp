// Layers on demand: a tree becomes a blob only when an image is made of it.
#include "backend/build/layers.h"

#include <fmt/format.h>

#include "backend/oci/layer_trees.h"

namespace strata::backend {

Result<LayerBlob> ensure_layer(Store& store, const std::shared_ptr<const Tree>& tree,
                               const Digest& digest, const std::shared_ptr<const Content>& content,
                               const EmissionProfile& profile, unsigned jobs) {
  STRATA_ASSIGN(const auto known, store.layer(digest, profile.name()));
  if (known) {
    return *known;
  }
  std::shared_ptr<const Content> bytes = content;
  if (bytes == nullptr) {
    STRATA_ASSIGN(const std::string directory, oci::ensure_root(store, digest));
    STRATA_ASSIGN(bytes, directory_content(directory));
  }
  STRATA_ASSIGN(auto writer, store.new_blob());
  STRATA_ASSIGN(const LayerBlob layer, write_layer(*tree, *bytes, profile, jobs, *writer));
  STRATA_ASSIGN(const Descriptor descriptor, writer->commit(profile.media_type(), layer.blob));
  STRATA_TRY(store.put_layer(digest, profile.name(), layer));
  return layer;
}

}  // namespace strata::backend
