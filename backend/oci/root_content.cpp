// The files of a root, in the one of its layers that holds the topmost.
#include "backend/oci/root_content.h"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "backend/oci/layer_trees.h"

namespace strata::backend::oci {
namespace {

class RootContent final : public Content {
 public:
  RootContent(Store& store, std::vector<Digest> trees, RootView view)
      : store_(&store), trees_(std::move(trees)), view_(std::move(view)) {}

  [[nodiscard]] Result<Fd> open(const std::string& path) const override {
    const auto found = view_.find(path);
    if (!found) {
      return Error{ErrorCode::NotFound, fmt::format("{}: no such file in the root", path)};
    }
    const std::string& holder =
        found->entry->type == EntryType::Hardlink ? found->entry->link : path;
    STRATA_ASSIGN(const auto directory, layer(found->layer));
    Result<Fd> file = directory->open(holder);
    if (!file && file.error().code == ErrorCode::NotFound) {
      // The tree says that it is there: the root is damaged, not the path wrong.
      return Error{ErrorCode::Corrupt, fmt::format("{}: is gone from its unpacked layer", path)};
    }
    return file;
  }

 private:
  [[nodiscard]] Result<std::shared_ptr<const Content>> layer(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    auto& slot = layers_[index];
    if (slot == nullptr) {
      const auto tree = trees_.begin() + static_cast<std::ptrdiff_t>(index);
      STRATA_ASSIGN(const std::string path, ensure_root(*store_, *tree, {trees_.begin(), tree}));
      STRATA_ASSIGN(slot, directory_content(path));
    }
    return slot;
  }

  Store* store_;
  std::vector<Digest> trees_;
  RootView view_;
  mutable std::mutex mutex_;
  mutable std::map<std::size_t, std::shared_ptr<const Content>> layers_;
};

}  // namespace

std::shared_ptr<const Content> root_content(Store& store, std::vector<Digest> trees,
                                            RootView view) {
  return std::make_shared<RootContent>(store, std::move(trees), std::move(view));
}

}  // namespace strata::backend::oci
