// LayerFiles: one unpacked directory a layer, made when something of it is read.
#include "backend/oci/layer_files.h"

#include "backend/oci/layer_trees.h"

namespace strata::backend::oci {

LayerFiles::LayerFiles(Store& store, std::vector<Digest> trees)
    : store_(&store), trees_(std::move(trees)) {}

Result<Fd> LayerFiles::open(const RootView::Found& file) const {
  STRATA_ASSIGN(const auto directory, layer(file.layer));
  Result<Fd> fd = directory->open(file.entry->path);
  if (!fd && fd.error().code == ErrorCode::NotFound) {
    // The tree says that it is there: the root is damaged, not the path wrong.
    return Error{ErrorCode::Corrupt, file.entry->path + ": is gone from its unpacked layer"};
  }
  return fd;
}

Result<std::shared_ptr<const Content>> LayerFiles::layer(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  auto& slot = layers_[index];
  if (slot == nullptr) {
    const auto tree = trees_.begin() + static_cast<std::ptrdiff_t>(index);
    STRATA_ASSIGN(const std::string path, ensure_root(*store_, *tree, {trees_.begin(), tree}));
    STRATA_ASSIGN(slot, directory_content(path));
  }
  return slot;
}

}  // namespace strata::backend::oci
