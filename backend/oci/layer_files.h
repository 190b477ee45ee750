#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/store/store.h"
#include "backend/system/fd.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/base/digest.h"

namespace strata::backend::oci {

// The files of each layer of a chain, hidden ones too. A layer is unpacked (`ensure_root`) when its
// first file is opened. Thread-safe; `store` must outlive this.
class LayerFiles {
 public:
  // The chain's diff trees, bottom first.
  LayerFiles(Store& store, std::vector<Digest> trees);

  // The bytes of a regular file (`RootView::file_of`). Errors: those of `ensure_root`.
  [[nodiscard]] Result<Fd> open(const RootView::Found& file) const;

 private:
  [[nodiscard]] Result<std::shared_ptr<const Content>> layer(std::size_t index) const;

  Store* store_;
  std::vector<Digest> trees_;
  mutable std::mutex mutex_;
  mutable std::map<std::size_t, std::shared_ptr<const Content>> layers_;
};

}  // namespace strata::backend::oci
