// Roots of one build: which diff trees they consist of, and where their files are.
#include "backend/build/roots.h"

#include <fmt/format.h>

#include "backend/oci/layer_trees.h"
#include "backend/oci/root_content.h"
#include "ir/base/check.h"
#include "ir/reference.h"

namespace strata::backend {
namespace {

// The trees that layer `index` lies on.
std::vector<Digest> prefix(const std::vector<Digest>& digests, std::size_t index) {
  return {digests.begin(), digests.begin() + static_cast<std::ptrdiff_t>(index)};
}

}  // namespace

Roots::Roots(const ir::Module& module, Store& store, Registry& registry, const Sources& sources)
    : module_(&module), store_(&store), registry_(&registry), sources_(&sources) {}

void Roots::bind(ir::OpId step, const Digest& tree, std::shared_ptr<const Tree> content) {
  const std::lock_guard lock(mutex_);
  bound_.insert_or_assign(step, tree);
  if (content != nullptr) {
    trees_.insert_or_assign(tree, std::move(content));
  }
}

std::optional<Digest> Roots::bound(ir::OpId step) const {
  const std::lock_guard lock(mutex_);
  const auto found = bound_.find(step);
  return found == bound_.end() ? std::nullopt : std::optional(found->second);
}

std::map<ir::OpId, Error> Roots::missing_bases() const {
  const std::lock_guard lock(mutex_);
  return missing_bases_;
}

Result<void> Roots::pull(ir::OpId id, const ir::Reference& reference, const oci::Image& image) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = missing_bases_.find(id); found != missing_bases_.end()) {
      return found->second;
    }
  }
  auto done = registry_->pull_layers(reference, image);
  if (done || done.error().code != ErrorCode::Network) {
    return done;
  }
  Error error = std::move(done).error();
  STRATA_ASSIGN(const auto named, store_->ref(reference.str()));
  if (named && named->digest == image.manifest_descriptor.digest) {
    error.message += fmt::format(
        "; the store has lost layers of `{}`: if it was imported, `strata import` brings them back",
        reference.str());
  }
  const std::lock_guard lock(mutex_);
  missing_bases_.emplace(id, error);
  return error;
}

Result<const oci::Image*> Roots::pulled(ir::OpId id) {
  const auto& image_op = std::get<ir::Image>(module_->op(id).data);
  STRATA_CHECK(image_op.manifest.has_value(), "an unbound image reached the backend");
  const oci::Image* image = sources_->bound_image(*image_op.manifest);
  STRATA_CHECK(image != nullptr, "a bound image that no resolver bound");
  const auto reference = ir::Reference::parse(image_op.ref);
  STRATA_CHECK(reference.has_value(), "an image op with a malformed reference");
  for (const Descriptor& layer : image->manifest.layers) {
    STRATA_ASSIGN(const bool right, store_->verify_blob(layer.digest));
    if (!right) {
      STRATA_TRY(pull(id, *reference, *image));
      break;
    }
  }
  return image;
}

// What an earlier build learned of the image's layers: no blob is needed then.
Result<std::optional<std::vector<Digest>>> Roots::known_trees(const oci::Image& image) {
  std::vector<Digest> trees;
  for (const Digest& chain : oci::chain_ids(image.config.diff_ids)) {
    STRATA_ASSIGN(const auto known, store_->chain_tree(chain));
    if (!known) {
      return std::optional<std::vector<Digest>>();
    }
    STRATA_ASSIGN(const auto readable, tree_if_stored(*known));
    if (!readable) {
      return std::optional<std::vector<Digest>>();
    }
    trees.push_back(*known);
  }
  return std::optional(std::move(trees));
}

Result<const std::vector<Digest>*> Roots::image_trees(ir::OpId id) {
  const auto& image_op = std::get<ir::Image>(module_->op(id).data);
  STRATA_CHECK(image_op.manifest.has_value(), "an unbound image reached the backend");
  const std::lock_guard lock(image_mutex_);
  if (const auto found = image_trees_.find(*image_op.manifest); found != image_trees_.end()) {
    return &found->second;
  }
  const oci::Image* image = sources_->bound_image(*image_op.manifest);
  STRATA_CHECK(image != nullptr, "a bound image that no resolver bound");
  STRATA_ASSIGN(std::optional<std::vector<Digest>> known, known_trees(*image));
  if (!known) {
    STRATA_TRY(pulled(id));
    STRATA_ASSIGN(known, oci::layer_trees(*store_, *image, {unpack_}));
  }
  return &image_trees_.emplace(*image_op.manifest, *std::move(known)).first->second;
}

Result<void> Roots::have_files(ir::OpId root) {
  for (const ir::OpId id : ir::root_chain(*module_, root)) {
    const auto* image_op = std::get_if<ir::Image>(&module_->op(id).data);
    if (image_op == nullptr) {
      continue;
    }
    STRATA_ASSIGN(const std::vector<Digest>* digests, image_trees(id));
    const std::lock_guard lock(image_mutex_);
    for (const Digest& digest : *digests) {
      if (digest == empty_tree_digest() || store_->root(digest)) {
        continue;
      }
      STRATA_ASSIGN(const auto blob, store_->any_layer(digest));
      if (!blob) {
        STRATA_ASSIGN(const oci::Image* image, pulled(id));
        STRATA_TRY(oci::layer_trees(*store_, *image, {unpack_}));
        break;
      }
    }
  }
  return {};
}

Result<std::vector<Digest>> Roots::trees(ir::OpId root) {
  std::vector<Digest> digests;
  for (const ir::OpId id : ir::root_chain(*module_, root)) {
    const ir::OpData& data = module_->op(id).data;
    if (std::holds_alternative<ir::Image>(data)) {
      STRATA_ASSIGN(const auto* base, image_trees(id));
      digests = *base;
    } else if (!std::holds_alternative<ir::Scratch>(data)) {
      const auto tree = bound(id);
      STRATA_CHECK(tree.has_value(), "a root was asked for before its steps were done");
      digests.push_back(*tree);
    }
  }
  return digests;
}

Result<std::shared_ptr<const Tree>> Roots::tree_if_stored(const Digest& digest) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = trees_.find(digest); found != trees_.end()) {
      return found->second;
    }
  }
  STRATA_ASSIGN(auto stored, store_->tree(digest));
  if (!stored) {
    return std::shared_ptr<const Tree>();
  }
  const std::lock_guard lock(mutex_);
  return trees_.emplace(digest, *std::move(stored)).first->second;
}

Result<std::shared_ptr<const Tree>> Roots::tree(const Digest& digest) {
  STRATA_ASSIGN(auto stored, tree_if_stored(digest));
  if (!stored) {
    return Error{ErrorCode::Corrupt, fmt::format("tree {} is gone from the store", digest.str())};
  }
  return stored;
}

Result<RootView> Roots::view(ir::OpId root) {
  STRATA_ASSIGN(const std::vector<Digest> digests, trees(root));
  std::vector<std::shared_ptr<const Tree>> layers;
  layers.reserve(digests.size());
  for (const Digest& digest : digests) {
    STRATA_ASSIGN(auto layer, tree(digest));
    layers.push_back(std::move(layer));
  }
  return RootView(std::move(layers));
}

Result<std::vector<std::string>> Roots::unpacked(ir::OpId root) {
  STRATA_TRY(have_files(root));
  STRATA_ASSIGN(const std::vector<Digest> digests, trees(root));
  std::vector<std::string> directories;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    if (digests[i] == empty_tree_digest()) {
      continue;
    }
    // One at a time: two steps that start together would unpack the same base twice.
    const std::lock_guard lock(image_mutex_);
    STRATA_ASSIGN(std::string directory, oci::ensure_root(*store_, digests[i], prefix(digests, i)));
    directories.push_back(std::move(directory));
  }
  return directories;
}

Result<std::shared_ptr<const Content>> Roots::content(ir::OpId root) {
  STRATA_TRY(have_files(root));
  STRATA_ASSIGN(std::vector<Digest> digests, trees(root));
  STRATA_ASSIGN(RootView root_view, view(root));
  return oci::root_content(*store_, std::move(digests), std::move(root_view));
}

Result<ProcessRoot> Roots::process_root(ir::OpId root) {
  STRATA_ASSIGN(std::vector<std::string> lowers, unpacked(root));
  STRATA_ASSIGN(RootView root_view, view(root));
  STRATA_ASSIGN(auto files, content(root));
  return ProcessRoot{std::move(lowers), std::move(root_view), std::move(files)};
}

}  // namespace strata::backend
