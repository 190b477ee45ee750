// The files of a root, each in the layer that holds its bytes.
#include "backend/oci/root_content.h"

#include <fmt/format.h>

#include "backend/oci/layer_files.h"

namespace strata::backend::oci {
namespace {

class RootContent final : public Content {
 public:
  RootContent(Store& store, std::vector<Digest> trees, RootView view)
      : files_(store, std::move(trees)), view_(std::move(view)) {}

  [[nodiscard]] Result<Fd> open(const std::string& path) const override {
    const auto found = view_.find(path);
    if (!found) {
      return Error{ErrorCode::NotFound, fmt::format("{}: no such file in the root", path)};
    }
    const RootView::Found file = view_.file_of(*found);
    if (file.entry->type != EntryType::File) {
      return Error{ErrorCode::NotFound, fmt::format("{}: is no regular file in the root", path)};
    }
    return files_.open(file);
  }

 private:
  LayerFiles files_;
  RootView view_;
};

}  // namespace

std::shared_ptr<const Content> root_content(Store& store, std::vector<Digest> trees,
                                            RootView view) {
  return std::make_shared<RootContent>(store, std::move(trees), std::move(view));
}

}  // namespace strata::backend::oci
