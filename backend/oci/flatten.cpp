// The one root that an image's layers make together.
#include <fmt/format.h>

#include <map>

#include "backend/oci/export_parts.h"
#include "backend/oci/layer_trees.h"
#include "backend/tree/root_view.h"

namespace strata::backend::oci {
namespace {

// Collects entries, each with the layer that its bytes come from.
class Flattener {
 public:
  Flattener(const RootView& view, std::vector<std::shared_ptr<const Content>> contents)
      : view_(&view), contents_(std::move(contents)) {}

  void add(const RootView::Found& found) {
    TreeEntry entry = *found.entry;
    std::string source = entry.path;
    if (entry.type == EntryType::Hardlink) {
      source = entry.link;
      relink(entry, found.layer);
    }
    if (entry.type == EntryType::File) {
      content_[entry.path] = {contents_[found.layer], source};
    }
    tree_->entries.push_back(std::move(entry));
  }

  TreeWithContent take() {
    sort_tree(*tree_);
    return {tree_, mapped_content(std::move(content_))};
  }

 private:
  // A hard link whose target another layer removed or replaced still has its bytes: the first such
  // link takes the target's place, the others link to it.
  void relink(TreeEntry& entry, std::size_t layer) {
    const auto target = view_->find(entry.link);
    if (target && target->layer == layer) {
      return;
    }
    const auto [first, is_new] = heirs_.try_emplace({layer, entry.link}, entry.path);
    if (!is_new) {
      entry.link = first->second;
      return;
    }
    const TreeEntry* const original = view_->layers()[layer]->find(entry.link);
    std::string path = std::move(entry.path);
    entry = *original;
    entry.path = std::move(path);
  }

  const RootView* view_;
  std::vector<std::shared_ptr<const Content>> contents_;
  std::map<std::pair<std::size_t, std::string>, std::string> heirs_;
  std::shared_ptr<Tree> tree_ = std::make_shared<Tree>();
  std::map<std::string, ContentRef> content_;
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
  std::vector<std::shared_ptr<const Content>> contents;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    STRATA_ASSIGN(std::optional<std::shared_ptr<const Tree>> tree, store.tree(digests[i]));
    if (!tree) {
      return Error{ErrorCode::Corrupt, "tree " + digests[i].str() + ": is not in the store"};
    }
    const std::vector<Digest> below(digests.begin(),
                                    digests.begin() + static_cast<std::ptrdiff_t>(i));
    STRATA_ASSIGN(const std::string root, ensure_root(store, digests[i], below));
    STRATA_ASSIGN(std::shared_ptr<const Content> content, directory_content(root));
    trees.push_back(*std::move(tree));
    contents.push_back(std::move(content));
  }
  const RootView view(std::move(trees));
  Flattener flattener(view, std::move(contents));
  if (const auto top = view.find("")) {
    flattener.add(*top);
  }
  view.walk("", [&](const RootView::Found& found) { flattener.add(found); });
  return flattener.take();
}

}  // namespace strata::backend::oci
