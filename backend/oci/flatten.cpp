// The one root that an image's layers make together.
#include <fmt/format.h>

#include <unordered_map>

#include "backend/oci/export_parts.h"
#include "backend/oci/layer_trees.h"
#include "backend/oci/root_content.h"
#include "backend/tree/root_view.h"

namespace strata::backend::oci {
namespace {

// Collects the entries of one root: the first name of an inode is its file, the others link to it.
class Flattener {
 public:
  explicit Flattener(const RootView& view) : view_(&view) {}

  void add(const RootView::Found& found) {
    TreeEntry entry = view_->standing_alone(found);
    if (entry.type == EntryType::File) {
      const auto [first, is_new] = first_.try_emplace(view_->file_of(found).entry, entry.path);
      if (!is_new) {
        make_hard_link(entry, first->second);
      }
    }
    tree_->entries.push_back(std::move(entry));
  }

  std::shared_ptr<const Tree> take() {
    sort_tree(*tree_);
    return tree_;
  }

 private:
  const RootView* view_;
  std::unordered_map<const TreeEntry*, std::string> first_;
  std::shared_ptr<Tree> tree_ = std::make_shared<Tree>();
};

}  // namespace

Result<TreeWithContent> flatten(Store& store, const Descriptor& descriptor) {
  STRATA_ASSIGN(const std::optional<Image> image, load_image(store, descriptor));
  if (!image) {
    return Error{ErrorCode::NotFound, "image " + descriptor.digest.str() + ": is not in the store"};
  }
  STRATA_ASSIGN(const std::vector<Digest> digests,
                layer_trees(store, *image, {.unpack = Unpack::Yes}));
  std::vector<std::shared_ptr<const Tree>> trees;
  for (const Digest& digest : digests) {
    STRATA_ASSIGN(std::optional<std::shared_ptr<const Tree>> tree, store.tree(digest));
    if (!tree) {
      return Error{ErrorCode::Corrupt, "tree " + digest.str() + ": is not in the store"};
    }
    trees.push_back(*std::move(tree));
  }
  const RootView view(std::move(trees));
  Flattener flattener(view);
  if (const auto top = view.find("")) {
    flattener.add(*top);
  }
  view.walk("", [&](const RootView::Found& found) { flattener.add(found); });
  return TreeWithContent{flattener.take(), root_content(store, digests, view)};
}

}  // namespace strata::backend::oci
