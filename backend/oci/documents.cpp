// Manifests and indexes: OCI's and docker's schema 2, read strictly, written canonically.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "backend/oci/image.h"
#include "backend/store/descriptor_json.h"
#include "ir/base/canonical_json.h"
#include "ir/base/parse_json.h"

namespace strata::backend::oci {
namespace {

using nlohmann::json;

constexpr std::string_view kDockerConfigType = "application/vnd.docker.container.image.v1+json";
constexpr std::size_t kMaxEntries = 10'000;

Error corrupt(std::string_view what) {
  return {ErrorCode::Corrupt, fmt::format("image document: {}", what)};
}

std::string without_parameters(const std::string& media_type) {
  std::string type = media_type.substr(0, media_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.pop_back();
  }
  return type;
}

bool is_manifest_type(std::string_view type) {
  return type == kManifestType || type == kDockerManifestType;
}
bool is_index_type(std::string_view type) { return type == kIndexType || type == kDockerListType; }

Result<std::vector<Descriptor>> read_list(const json& document, const char* name) {
  std::vector<Descriptor> list;
  const auto member = document.find(name);
  if (member == document.end() || member->is_null()) {
    return list;
  }
  if (!member->is_array()) {
    return corrupt(fmt::format("`{}` is not an array", name));
  }
  if (member->size() > kMaxEntries) {
    return corrupt(fmt::format("{} entries in `{}` are too many", member->size(), name));
  }
  for (const json& item : *member) {
    STRATA_ASSIGN(Descriptor descriptor, read_descriptor(item));
    list.push_back(std::move(descriptor));
  }
  return list;
}

Result<Manifest> read_manifest(const json& document) {
  Manifest manifest;
  const auto config = document.find("config");
  if (config == document.end()) {
    return corrupt("a manifest without `config`");
  }
  STRATA_ASSIGN(manifest.config, read_descriptor(*config));
  if (manifest.config.media_type != kConfigType &&
      manifest.config.media_type != kDockerConfigType) {
    return Error{ErrorCode::Input, fmt::format("not a container image: its config is of type `{}`",
                                               utf8_lossy(manifest.config.media_type))};
  }
  STRATA_ASSIGN(manifest.layers, read_list(document, "layers"));
  for (const Descriptor& layer : manifest.layers) {
    STRATA_TRY(oci_layer_type(layer.media_type));
  }
  if (const auto map = document.find("annotations"); map != document.end() && !map->is_null()) {
    if (!map->is_object()) {
      return corrupt("`annotations` is not an object");
    }
    for (const auto& [name, value] : map->items()) {
      if (!value.is_string()) {
        return corrupt("`annotations` has a value that is not a string");
      }
      manifest.annotations.emplace_back(name, value.get<std::string>());
    }
  }
  return manifest;
}

// What the document is: its own word, which must be the given one where both are there.
Result<std::string> type_of(const json& document, const std::string& given) {
  std::string own;
  if (const auto member = document.find("mediaType"); member != document.end()) {
    if (!member->is_string()) {
      return corrupt("`mediaType` is not a string");
    }
    own = without_parameters(member->get<std::string>());
  }
  const std::string outer = without_parameters(given);
  // Some servers and files give no type of their own.
  const bool says_nothing = outer.empty() || outer == "application/json" || outer == "text/plain" ||
                            outer == "application/octet-stream";
  if (!own.empty() && !says_nothing && own != outer) {
    return corrupt(
        fmt::format("says it is `{}` and was sent as `{}`", utf8_lossy(own), utf8_lossy(outer)));
  }
  if (!own.empty() || !says_nothing) {
    return own.empty() ? outer : own;
  }
  return std::string(document.contains("manifests") ? kIndexType : kManifestType);
}

}  // namespace

std::string write_manifest(const Manifest& manifest) {
  CanonicalJson out;
  out.begin_object();
  if (!manifest.annotations.empty()) {
    out.key("annotations");
    write_string_map(out, manifest.annotations);
  }
  out.key("config");
  write_descriptor(out, manifest.config);
  out.key("layers").begin_array();
  for (const Descriptor& layer : manifest.layers) {
    write_descriptor(out, layer);
  }
  out.end_array();
  out.key("mediaType").string(kManifestType);
  out.key("schemaVersion").integer(2).end_object();
  return out.take();
}

std::string write_index(const std::vector<Descriptor>& manifests) {
  CanonicalJson out;
  out.begin_object().key("manifests").begin_array();
  for (const Descriptor& manifest : manifests) {
    write_descriptor(out, manifest);
  }
  out.end_array();
  out.key("mediaType").string(kIndexType);
  out.key("schemaVersion").integer(2).end_object();
  return out.take();
}

Result<Document> read_document(std::string_view text, const std::string& media_type) {
  const Result<json> parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) {
    return corrupt(parsed ? "not a JSON object" : parsed.error().message);
  }
  const json& document = *parsed;
  const auto version = document.find("schemaVersion");
  if (media_type.find("docker.distribution.manifest.v1") != std::string::npos ||
      (version != document.end() && *version == 1)) {
    return Error{ErrorCode::Input,
                 "a docker schema 1 manifest, which is not supported; pushing the image again with "
                 "any docker since 1.10 converts it"};
  }
  if (version == document.end() || *version != 2) {
    return corrupt("`schemaVersion` is not 2");
  }
  // CVE-2021-41190: a document that is both is read differently by different tools.
  const bool has_layers = document.contains("layers") || document.contains("config") ||
                          document.contains("fsLayers") || document.contains("history");
  if (document.contains("manifests") && has_layers) {
    return corrupt("holds both `manifests` and `layers` or `config`");
  }
  STRATA_ASSIGN(const std::string type, type_of(document, media_type));
  Document result;
  if (is_index_type(type) && !has_layers) {
    STRATA_ASSIGN(result.index, read_list(document, "manifests"));
    return result;
  }
  if (is_manifest_type(type) && !document.contains("manifests")) {
    STRATA_ASSIGN(result.manifest, read_manifest(document));
    return result;
  }
  if (is_index_type(type) || is_manifest_type(type)) {
    return corrupt(fmt::format("its members are not those of a `{}`", type));
  }
  return Error{ErrorCode::Input,
               fmt::format("media type `{}` is not that of an image", utf8_lossy(type))};
}

Result<std::string> oci_layer_type(const std::string& media_type) {
  struct Pair {
    std::string_view given;
    std::string_view oci;
  };
  constexpr std::string_view kTar = "application/vnd.oci.image.layer.v1.tar";
  constexpr std::string_view kGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
  constexpr std::string_view kZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
  constexpr std::array<Pair, 7> kTypes{{
      {kTar, kTar},
      {kGzip, kGzip},
      {kZstd, kZstd},
      {"application/vnd.docker.image.rootfs.diff.tar.gzip", kGzip},
      {"application/vnd.docker.image.rootfs.diff.tar", kTar},
      {"application/vnd.docker.image.rootfs.diff.tar.zstd", kZstd},
      {"application/vnd.docker.image.rootfs.diff.tar+zstd", kZstd},
  }};
  const auto* const found = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const Pair& pair) { return pair.given == media_type; });
  if (found != kTypes.end()) {
    return std::string(found->oci);
  }
  if (media_type.find("nondistributable") != std::string::npos ||
      media_type.find("foreign") != std::string::npos) {
    return Error{ErrorCode::Input,
                 fmt::format("layer type `{}`: layers that are kept elsewhere (Windows bases) are "
                             "not supported",
                             utf8_lossy(media_type))};
  }
  return Error{ErrorCode::Input,
               fmt::format("layer type `{}` is not known", utf8_lossy(media_type))};
}

}  // namespace strata::backend::oci
