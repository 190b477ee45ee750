#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backend/oci/image.h"
#include "ir/base/digest.h"
#include "tests/fakes/fault_registry.h"

namespace strata::backend {

// An image of bytes that are no real layers: a registry client never looks inside.
struct TestImage {
  std::vector<std::string> layers;
  std::string config;
  std::string manifest;

  [[nodiscard]] Digest digest() const { return Digest::of(manifest); }
  [[nodiscard]] Digest layer_digest(std::size_t i) const { return Digest::of(layers[i]); }
};

inline nlohmann::json descriptor_json(const std::string& type, const std::string& bytes) {
  return {{"mediaType", type}, {"digest", Digest::of(bytes).str()}, {"size", bytes.size()}};
}

inline TestImage make_image(std::vector<std::string> layers,
                            const std::string& architecture = "amd64") {
  TestImage image;
  image.layers = std::move(layers);
  nlohmann::json diff_ids = nlohmann::json::array();
  nlohmann::json entries = nlohmann::json::array();
  for (const std::string& layer : image.layers) {
    diff_ids.push_back(Digest::of("unpacked " + layer).str());
    entries.push_back(descriptor_json("application/vnd.oci.image.layer.v1.tar+gzip", layer));
  }
  image.config = nlohmann::json{{"os", "linux"},
                                {"architecture", architecture},
                                {"config", nlohmann::json::object()},
                                {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}}
                     .dump();
  image.manifest = nlohmann::json{
      {"schemaVersion", 2},
      {"mediaType", std::string(oci::kManifestType)},
      {"config", descriptor_json(std::string(oci::kConfigType), image.config)},
      {"layers",
       entries}}.dump();
  return image;
}

inline void serve(test::FaultRegistry& registry, const std::string& repository,
                  const std::string& tag, const TestImage& image) {
  for (const std::string& layer : image.layers) {
    registry.put_blob(repository, layer);
  }
  registry.put_blob(repository, image.config);
  registry.put_manifest(repository, tag, image.manifest, std::string(oci::kManifestType));
}

// Bytes that differ at every place, so that a piece in the wrong place shows.
inline std::string long_bytes(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed * 2654435761U + 1;
  for (char& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

}  // namespace strata::backend
