#pragma once

#include <string>
#include <vector>

#include "backend/oci/image.h"
#include "backend/store/store.h"
#include "backend/tree/content.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

// `-o` outputs of an image that is whole in the store. Each writes beside its destination and
// renames, so nothing is half-published; a destination that holds the same bytes already is left.
// `dest` "-" is standard output for the archives.
struct ExportRequest {
  Descriptor manifest;
  // Names to give it (tags); may be empty.
  std::vector<std::string> names;
  std::string dest;
};

// An OCI image layout directory: blobs are reflinked or copied, never hard-linked; index.json keeps
// other images' entries.
[[nodiscard]] Result<void> export_oci_layout(const Store& store, const ExportRequest& request);
// The same as a tar: deterministic (sorted, mtime 0).
[[nodiscard]] Result<void> export_oci_archive(const Store& store, const ExportRequest& request);
// `docker load` format: manifest.json and an OCI index in one archive.
[[nodiscard]] Result<void> export_docker_archive(const Store& store, const ExportRequest& request);
// The flattened root as a tar, or as files below `dest`. Layers are read from the store's roots
// where they are there, else unpacked.
[[nodiscard]] Result<void> export_tar(Store& store, const ExportRequest& request);
[[nodiscard]] Result<void> export_local(Store& store, const ExportRequest& request);

}  // namespace strata::backend::oci
