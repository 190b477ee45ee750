#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend/build/process.h"
#include "backend/build/sources.h"
#include "backend/oci/layer_trees.h"
#include "backend/registry/registry.h"
#include "backend/store/store.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/module.h"

namespace strata::backend {

// The roots that the ops of one build stand for: their diff trees, and those unpacked when
// something needs the files. Base images are pulled, read and unpacked at most once each, only when
// asked for. Thread-safe.
class Roots {
 public:
  // References must outlive this.
  Roots(const ir::Module& module, Store& store, Registry& registry, const Sources& sources);

  // Says before anything else that a RUN will need base images unpacked: they are unpacked in the
  // pass that reads them.
  void unpack_bases() { unpack_ = oci::Unpack::Yes; }
  // The tree that a step left; before anything asks for a root that holds it. `content` is given
  // for a tree that the store may not have yet.
  void bind(ir::OpId step, const Digest& tree, std::shared_ptr<const Tree> content = nullptr);
  [[nodiscard]] std::optional<Digest> bound(ir::OpId step) const;

  // The diff trees' digests of the chain that `root` ends, bottom first, base layers included.
  [[nodiscard]] Result<std::vector<Digest>> trees(ir::OpId root);
  [[nodiscard]] Result<RootView> view(ir::OpId root);
  // The same, unpacked: directories for an overlay, bottom first. Empty trees are left out.
  [[nodiscard]] Result<std::vector<std::string>> unpacked(ir::OpId root);
  // The bytes of a root's files; see `oci::root_content`.
  [[nodiscard]] Result<std::shared_ptr<const Content>> content(ir::OpId root);
  // All three, as a process gets them.
  [[nodiscard]] Result<ProcessRoot> process_root(ir::OpId root);
  // Fetches the layers of a base image that the store lacks or that are damaged there. Once a
  // registry failed to give them, that error is the answer to all who ask.
  Result<const oci::Image*> pulled(ir::OpId id);
  // The base images whose layers a registry failed to give.
  [[nodiscard]] std::map<ir::OpId, Error> missing_bases() const;

 private:
  Result<const std::vector<Digest>*> image_trees(ir::OpId id);
  // Before the files of a root are needed: a base's layer of which the store has neither a root nor
  // a blob is pulled again.
  Result<void> have_files(ir::OpId root);
  Result<std::optional<std::vector<Digest>>> known_trees(const oci::Image& image);
  Result<void> pull(ir::OpId id, const ir::Reference& reference, const oci::Image& image);
  Result<std::shared_ptr<const Tree>> tree(const Digest& digest);
  // nullptr when the store has no such tree (any more).
  Result<std::shared_ptr<const Tree>> tree_if_stored(const Digest& digest);

  const ir::Module* module_;
  Store* store_;
  Registry* registry_;
  const Sources* sources_;
  oci::Unpack unpack_ = oci::Unpack::No;
  mutable std::mutex mutex_;
  std::map<ir::OpId, Digest> bound_;
  std::map<Digest, std::shared_ptr<const Tree>> trees_;
  std::map<ir::OpId, Error> missing_bases_;
  // Held while an image is pulled and read, so that two steps do not do it twice.
  std::mutex image_mutex_;
  std::map<Digest, std::vector<Digest>> image_trees_;
};

}  // namespace strata::backend
