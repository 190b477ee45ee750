// After damage was met: all of it is found at once, so that one more round is enough.
#include "backend/build/recheck.h"

#include <algorithm>
#include <set>

#include "backend/oci/image.h"
#include "backend/system/interrupt.h"
#include "backend/tree/content.h"
#include "backend/tree/read_file_data.h"

namespace strata::backend {
namespace {

// Whether the bytes of all files are those of the tree.
bool holds_files_of(const Tree& tree, const Content& content) {
  return std::all_of(tree.entries.begin(), tree.entries.end(), [&](const TreeEntry& entry) {
    if (entry.type != EntryType::File) {
      return true;
    }
    const auto file = content.open(entry.path);
    const auto hashed =
        file ? hash_file(file->get(), entry.path) : Result<HashedFile>(file.error());
    return hashed && hashed->sha256 == entry.sha256;
  });
}

// Each object once.
class Rechecker {
 public:
  explicit Rechecker(Store& store) : store_(&store) {}

  Result<void> image(const Descriptor& manifest) {
    STRATA_TRY(blob(manifest.digest));
    const auto image = oci::load_image(*store_, manifest);
    if (!image || !*image) {
      return {};
    }
    STRATA_TRY(blob((*image)->manifest.config.digest));
    return layers_of(**image);
  }

  Result<void> layers_of(const oci::Image& image) {
    for (const Descriptor& layer : image.manifest.layers) {
      STRATA_TRY(blob(layer.digest));
    }
    for (const Digest& chain : oci::chain_ids(image.config.diff_ids)) {
      STRATA_ASSIGN(const auto known, store_->chain_tree(chain));
      if (known) {
        STRATA_TRY(tree(*known));
      }
    }
    return {};
  }

  Result<void> tree(const Digest& digest) {
    if (digest == empty_tree_digest() || !done_.insert(digest).second) {
      return {};
    }
    STRATA_ASSIGN(const bool readable, store_->has_tree(digest));
    if (readable) {
      STRATA_TRY(root(digest));
    }
    // The blobs of its layers, until one is right.
    for (;;) {
      STRATA_ASSIGN(const auto layer, store_->any_layer(digest));
      if (!layer) {
        return {};
      }
      STRATA_ASSIGN(const bool right, store_->rehash_blob(layer->blob));
      if (right) {
        return {};
      }
    }
  }

 private:
  Result<void> root(const Digest& digest) {
    const std::optional<std::string> path = store_->root(digest);
    STRATA_ASSIGN(const auto tree, store_->tree(digest));
    if (path && tree) {
      const auto content = directory_content(*path);
      const bool is_whole = content && holds_files_of(**tree, **content);
      // What could not be read to its end is not damaged.
      STRATA_TRY(check_interrupted());
      if (!is_whole) {
        store_->set_aside_root(digest);
      }
    }
    return {};
  }

  Result<void> blob(const Digest& digest) {
    if (done_.insert(digest).second) {
      STRATA_TRY(store_->rehash_blob(digest));
    }
    return {};
  }

  Store* store_;
  std::set<Digest> done_;
};

}  // namespace

Result<void> recheck(const BuildRequest& request) {
  Rechecker rechecker(request.store);
  for (const PlannedTarget& target : request.plan->targets) {
    if (target.image) {
      STRATA_TRY(rechecker.image(*target.image));
    }
  }
  for (std::uint32_t i = 0; i < request.plan->steps.size(); ++i) {
    const PlannedStep& step = request.plan->steps[i];
    if (step.needed && step.result) {
      STRATA_TRY(rechecker.tree(step.result->tree));
    }
    const auto* base = std::get_if<ir::Image>(&request.module.op(ir::OpId{i}).data);
    const oci::Image* image =
        base != nullptr && base->manifest ? request.sources.bound_image(*base->manifest) : nullptr;
    if (step.needed && image != nullptr) {
      STRATA_TRY(rechecker.layers_of(*image));
    }
  }
  return {};
}

Result<void> recheck(Store& store, const Descriptor& manifest) {
  return Rechecker(store).image(manifest);
}

}  // namespace strata::backend
