#pragma once

#include <string>

#include "backend/store/store.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

enum class ArchiveKind {
  OciLayout,  // has `oci-layout` and `index.json`
  Docker,     // has `manifest.json`, and is no OCI layout
  Root,       // any other tar: a root file system
};

// What the tar at `path` (plain, or compressed with gzip, bzip2, xz, lzma or zstd) holds, by the
// names of its members. Error Input: not a tar.
[[nodiscard]] Result<ArchiveKind> archive_kind(const std::string& path);

// Writes the decompressed bytes of `path` to `to`. Decompressors are in this process, whatever the
// file claims to need. Error Input: damaged.
[[nodiscard]] Result<void> decompress(const std::string& path, const std::string& to);

}  // namespace strata::backend::oci
