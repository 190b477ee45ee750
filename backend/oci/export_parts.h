#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/oci/image.h"
#include "backend/oci/outputs.h"
#include "backend/store/store.h"
#include "backend/tree/content.h"
#include "ir/base/result.h"

namespace strata::backend::oci {

// Every blob that an image consists of, each once, in order of digest: the document itself, and
// through an index its manifests. Error Corrupt: one is missing or damaged in the store.
[[nodiscard]] Result<std::map<Digest, Descriptor>> blobs_of(const Store& store,
                                                            const Descriptor& image);

// The entries of an index.json for an image: one for each name, or one without a name.
[[nodiscard]] std::vector<Descriptor> index_entries(const Descriptor& image,
                                                    const std::vector<std::string>& names);

// The archive of an image's blobs and of files made in memory (path → text). Error Corrupt: names
// the blob that was found damaged on the way and set aside.
[[nodiscard]] Result<void> write_blob_archive(const Store& store,
                                              const std::map<Digest, Descriptor>& blobs,
                                              std::map<std::string, std::string> files,
                                              const std::string& dest);

// Writes a tar to `dest` (OutputFile says what that may be); a file with the same bytes is left as
// it is.
[[nodiscard]] Result<void> write_archive(const TreeWithContent& members, const std::string& dest);

// The flattened root of an image.
[[nodiscard]] Result<TreeWithContent> flatten(Store& store, const Descriptor& descriptor);

inline constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";

}  // namespace strata::backend::oci
