#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/oci/image.h"
#include "backend/store/store.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

struct ImportRequest {
  // A directory that is an OCI layout; an OCI archive or docker archive (tar, plain or compressed);
  // or a root file system tar.
  std::string path;
  // Name to give; also read from the archive when empty.
  std::string name;
  std::string platform;  // for a root tar
  // For a root tar: config changes, and `created`, seconds (0 → 315532800).
  ir::Config config;
  std::int64_t created = 0;
};

// Detects the kind by content, verifies every digest, stores the blobs, sets the ref. Error:
// Corrupt names the blob.
[[nodiscard]] Result<Descriptor> import_image(Store& store, const ImportRequest& request);

}  // namespace strata::backend::oci
