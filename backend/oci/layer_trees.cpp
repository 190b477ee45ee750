// From layer blobs to trees and roots.
#include "backend/oci/layer_trees.h"

#include <fmt/format.h>

#include "backend/layer/layer.h"
#include "backend/system/files.h"
#include "backend/tree/root_view.h"
#include "ir/base/check.h"

namespace strata::backend::oci {
namespace {

using TreePointer = std::shared_ptr<const Tree>;

// A blob that cannot be read as its record says is either damaged, and then quarantined here so
// that it is fetched again, or was never right.
Error blame(const Store& store, const Digest& blob, const Error& error) {
  const Result<bool> is_right = store.verify_blob(blob);
  const bool damaged = is_right && !*is_right;
  return {ErrorCode::Corrupt,
          fmt::format("layer {}: {}", blob.str(),
                      damaged ? "the blob in the store was damaged and has been set aside"
                              : error.message)};
}

struct Below {
  std::vector<TreePointer> trees;
  std::vector<Digest> digests;
};

struct LayerJob {
  Descriptor blob;
  Digest diff_id;
  Digest chain_id;
};

class LayerReader {
 public:
  LayerReader(Store& store, Unpack unpack) : store_(&store), unpack_(unpack) {}

  // The layer's tree, appended to what lies below it.
  Result<void> add(const LayerJob& job, Below& below) {
    STRATA_ASSIGN(std::optional<Digest> tree, known(job, below));
    if (!tree) {
      STRATA_ASSIGN(const Fd guard, store_->lock("chain/" + job.chain_id.hex()));
      // Another process may have done it meanwhile.
      STRATA_ASSIGN(tree, known(job, below));
      if (!tree) {
        STRATA_ASSIGN(tree, read(job, below));
      }
    }
    STRATA_ASSIGN(std::optional<TreePointer> loaded, store_->tree(*tree));
    if (!loaded) {
      return Error{ErrorCode::Corrupt, "tree " + tree->str() + ": vanished from the store"};
    }
    below.trees.push_back(*std::move(loaded));
    below.digests.push_back(*tree);
    return {};
  }

 private:
  // What an earlier run recorded, if it is all there.
  Result<std::optional<Digest>> known(const LayerJob& job, const Below& below) {
    STRATA_ASSIGN(const std::optional<Digest> digest, store_->chain_tree(job.chain_id));
    if (!digest) {
      return digest;
    }
    STRATA_ASSIGN(const std::optional<TreePointer> tree, store_->tree(*digest));
    if (!tree) {
      return std::optional<Digest>();
    }
    if (unpack_ == Unpack::Yes && !store_->root(*digest)) {
      STRATA_TRY(ensure_root(*store_, *digest, below.digests));
    }
    return digest;
  }

  Result<std::optional<Digest>> read(const LayerJob& job, const Below& below) {
    const Digest& blob = job.blob.digest;
    if (!store_->blob_size(blob)) {
      return Error{ErrorCode::NotFound, "layer " + blob.str() + ": its blob is not in the store"};
    }
    ReadLayerOptions options;
    if (unpack_ == Unpack::Yes) {
      STRATA_ASSIGN(options.unpack_to, store_->new_scratch("unpack"));
    }
    const Result<ReadLayer> layer =
        read_layer(store_->blob_path(blob), RootView(below.trees), options);
    if (!layer) {
      return blame(*store_, blob, layer.error());
    }
    if (layer->diff_id != job.diff_id) {
      return blame(*store_, blob,
                   {ErrorCode::Corrupt,
                    fmt::format("its content has the diffID {}, the image config says {}",
                                layer->diff_id.str(), job.diff_id.str())});
    }
    STRATA_ASSIGN(const Digest tree, store_->put_tree(layer->tree));
    if (unpack_ == Unpack::Yes) {
      STRATA_TRY(store_->put_root(tree, options.unpack_to));
    }
    STRATA_ASSIGN(const std::uint64_t size, size_of(blob));
    STRATA_TRY(store_->put_layer(tree, "pulled:" + job.blob.media_type, {job.diff_id, blob, size}));
    STRATA_TRY(store_->put_chain_tree(job.chain_id, tree));
    return std::optional(tree);
  }

  Result<std::uint64_t> size_of(const Digest& blob) {
    if (const std::optional<std::uint64_t> size = store_->blob_size(blob)) {
      return *size;
    }
    return Error{ErrorCode::NotFound, "layer " + blob.str() + ": vanished from the store"};
  }

  Store* store_;
  Unpack unpack_;
};

// A tree over which reading the layer of `tree` again gives `tree`: what it removes has to be
// there, so that opaque directories expand to the same whiteouts, and implied parents are found as
// they came out the first time.
TreePointer pretend_below(const Tree& tree) {
  Tree below = tree;
  for (TreeEntry& entry : below.entries) {
    if (entry.type == EntryType::Whiteout) {
      entry.type = EntryType::File;
    }
  }
  return std::make_shared<const Tree>(std::move(below));
}

Result<std::optional<std::string>> try_unpack(Store& store, const Digest& digest,
                                              const LayerBlob& blob, const RootView& view) {
  STRATA_ASSIGN(const std::string scratch, store.new_scratch("unpack"));
  ReadLayerOptions options;
  options.unpack_to = scratch;
  const Result<ReadLayer> layer = read_layer(store.blob_path(blob.blob), view, options);
  if (!layer) {
    return blame(store, blob.blob, layer.error());
  }
  if (tree_digest(layer->tree) != digest) {
    STRATA_TRY(remove_tree(scratch));
    return std::optional<std::string>();
  }
  STRATA_ASSIGN(std::string path, store.put_root(digest, scratch));
  return std::optional(std::move(path));
}

Result<std::string> unpack_root(Store& store, const Digest& digest,
                                const std::vector<Digest>& below) {
  STRATA_ASSIGN(const std::optional<TreePointer> tree, store.tree(digest));
  STRATA_ASSIGN(const std::optional<LayerBlob> blob, store.any_layer(digest));
  if (!tree || !blob) {
    return Error{ErrorCode::NotFound, fmt::format("tree {}: {} in the store", digest.str(),
                                                  tree ? "no layer blob of it is" : "is not")};
  }
  STRATA_ASSIGN(std::optional<std::string> path,
                try_unpack(store, digest, *blob, RootView({pretend_below(**tree)})));
  if (path) {
    return *std::move(path);
  }
  std::vector<TreePointer> layers;
  for (const Digest& lower : below) {
    STRATA_ASSIGN(std::optional<TreePointer> loaded, store.tree(lower));
    if (!loaded) {
      return Error{ErrorCode::NotFound, "tree " + lower.str() + ": is not in the store"};
    }
    layers.push_back(*std::move(loaded));
  }
  STRATA_ASSIGN(path, try_unpack(store, digest, *blob, RootView(std::move(layers))));
  if (!path) {
    return Error{ErrorCode::Corrupt, fmt::format("layer {}: does not unpack to its tree {}",
                                                 blob->blob.str(), digest.str())};
  }
  return *std::move(path);
}

Result<std::string> unpack_empty(Store& store) {
  STRATA_ASSIGN(const std::string scratch, store.new_scratch("unpack"));
  return store.put_root(empty_tree_digest(), scratch);
}

}  // namespace

Result<std::vector<Digest>> layer_trees(Store& store, const Image& image,
                                        const LayerTreesOptions& options) {
  const std::vector<Digest>& diff_ids = image.config.diff_ids;
  STRATA_CHECK(diff_ids.size() == image.manifest.layers.size(), "load_image compares them");
  const std::vector<Digest> chain = chain_ids(diff_ids);
  LayerReader reader(store, options.unpack);
  Below below;
  for (std::size_t i = 0; i < diff_ids.size(); ++i) {
    STRATA_TRY(reader.add({image.manifest.layers[i], diff_ids[i], chain[i]}, below));
  }
  return std::move(below.digests);
}

Result<std::string> ensure_root(Store& store, const Digest& tree,
                                const std::vector<Digest>& below) {
  STRATA_ASSIGN(std::optional<std::string> path, store.checked_root(tree));
  if (path) {
    return *std::move(path);
  }
  STRATA_ASSIGN(const Fd guard, store.lock("unpack/" + tree.hex()));
  STRATA_ASSIGN(path, store.checked_root(tree));
  if (path) {
    return *std::move(path);
  }
  if (tree == empty_tree_digest()) {
    return unpack_empty(store);
  }
  return unpack_root(store, tree, below);
}

}  // namespace strata::backend::oci
