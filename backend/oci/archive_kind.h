#pragma once

#include <string>

#include "backend/store/store.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

enum class ArchiveKind {
  OciLayout,
  Docker,
  Root,  // any other tar: a root file system
};

// What the tar at `path` (plain, or compressed with gzip, bzip2, xz, lzma or zstd) holds. An
// `oci-layout` with an `index.json` that lists manifests makes it a layout, else a `manifest.json`
// that lists images with `Config` and `Layers` a docker archive, whatever else there is: each tool
// names the rest in its own way. So do the names `oci-layout` and `index.json`, or `manifest.json`,
// among nothing but names of image archives: what is wrong with their content is to be said. Error
// Input: not a tar.
[[nodiscard]] Result<ArchiveKind> archive_kind(const std::string& path);

// Writes the decompressed bytes of `path` to `to`. Decompressors are in this process, whatever the
// file claims to need. Error Input: damaged.
[[nodiscard]] Result<void> decompress(const std::string& path, const std::string& to);

}  // namespace strata::backend::oci
