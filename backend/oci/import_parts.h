#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/oci/image.h"
#include "backend/oci/import.h"
#include "backend/store/store.h"
#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

// An image whose blobs are in the store but that has no name yet.
struct Imported {
  Descriptor manifest;
  // As the source calls it, "" when it does not.
  std::string name;
};

// Each kind of source. `directory` is the layout, or the unpacked archive; `shown` its name for
// messages.
[[nodiscard]] Result<Imported> import_layout(Store& store, const ImportRequest& request,
                                             const std::string& directory);
[[nodiscard]] Result<Imported> import_docker(Store& store, const ImportRequest& request,
                                             const std::string& directory);
[[nodiscard]] Result<Imported> import_root(Store& store, const ImportRequest& request);

// A regular file below `directory`; symlinks are followed inside it and never out of it.
[[nodiscard]] Result<Fd> open_inside(const std::string& directory, const std::string& path);
// A document there, at most 64 MiB.
[[nodiscard]] Result<std::string> read_inside(const std::string& directory,
                                              const std::string& path);
// Copies what is left of `file` into the store as a blob. Error Corrupt: not the expected digest.
[[nodiscard]] Result<Descriptor> put_file(Store& store, const Fd& file,
                                          const std::string& media_type,
                                          const std::optional<Digest>& expected);

}  // namespace strata::backend::oci
