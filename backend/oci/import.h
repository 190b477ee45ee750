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
  // Normalized. The platform of a root tar's image; which of several images is meant. "": this
  // machine's, or the only one there is.
  std::string platform;
  // For a root tar: config changes, and `created`, seconds (0 → 315532800).
  ir::Config config;
  std::int64_t created = 0;
};

// Detects the kind by content, verifies every digest, stores the blobs, sets the ref. Errors:
// Corrupt names the blob; Input for a name with another digest, another platform than asked for,
// changes of an image's config.
[[nodiscard]] Result<Descriptor> import_image(Store& store, const ImportRequest& request);

}  // namespace strata::backend::oci
