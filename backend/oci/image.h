#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/store/store.h"
#include "ir/base/result.h"
#include "ir/image_config.h"

namespace strata::backend::oci {

inline constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kDockerManifestType =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerListType =
    "application/vnd.docker.distribution.manifest.list.v2+json";

// Canonical JSON of a config; the reader takes any OCI or docker config. Error: Corrupt.
[[nodiscard]] std::string write_config(const ir::ImageConfig& config);
[[nodiscard]] Result<ir::ImageConfig> read_config(std::string_view text);

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
  ir::Pairs annotations;
};
[[nodiscard]] std::string write_manifest(const Manifest& manifest);

// A parsed document: exactly one of the two is set. Refuses both `manifests` and `layers`
// (CVE-2021-41190) and wrong digests (Corrupt), unknown media types, foreign layers and docker's
// schema 1 (Input). `media_type` is what came with it (Content-Type, a descriptor), "" for none;
// the document's own must be the same.
struct Document {
  std::optional<Manifest> manifest;
  std::optional<std::vector<Descriptor>> index;
};
[[nodiscard]] Result<Document> read_document(std::string_view text, const std::string& media_type);
[[nodiscard]] std::string write_index(const std::vector<Descriptor>& manifests);

// The OCI media type of a layer of this type, docker's included: manifests that strata writes hold
// OCI types only. Error Input, naming the type: unknown ones, and foreign (nondistributable)
// layers.
[[nodiscard]] Result<std::string> oci_layer_type(const std::string& media_type);

// The entry of an index for a platform (containerd's order of variants; attestations skipped).
// nullopt when there is none.
[[nodiscard]] std::optional<Descriptor> select_platform(const std::vector<Descriptor>& index,
                                                        const std::string& platform);

// Chain IDs of a list of diffIDs (image-spec config.md), one for each layer.
[[nodiscard]] std::vector<Digest> chain_ids(const std::vector<Digest>& diff_ids);

// An image whose manifest, config and layers are all in the store.
struct Image {
  Descriptor manifest_descriptor;
  Manifest manifest;
  ir::ImageConfig config;
};
// nullopt when the manifest or config is not in the store (layers are not checked). An index gives
// its entry for the descriptor's platform, else the host's. Error Corrupt: the config has another
// number of layers than the manifest.
[[nodiscard]] Result<std::optional<Image>> load_image(const Store& store, const Descriptor& given);

}  // namespace strata::backend::oci
