// Images in the store.
#include "backend/oci/image.h"

#include <fmt/format.h>

#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

// The manifest that a descriptor stands for; nullopt when it is not in the store.
Result<std::optional<Descriptor>> manifest_of(const Store& store, const Descriptor& descriptor) {
  const bool is_index =
      descriptor.media_type == kIndexType || descriptor.media_type == kDockerListType;
  if (!is_index) {
    return std::optional(descriptor);
  }
  STRATA_ASSIGN(const std::optional<std::string> text, store.read_blob(descriptor.digest));
  if (!text) {
    return std::optional<Descriptor>();
  }
  STRATA_ASSIGN(const Document document, read_document(*text, descriptor.media_type));
  const std::string platform =
      descriptor.platform.empty() ? ir::host_platform() : descriptor.platform;
  std::optional<Descriptor> entry;
  if (document.index) {
    entry = select_platform(*document.index, platform);
  }
  if (!entry) {
    return Error{ErrorCode::NotFound,
                 fmt::format("image {}: none for {}", descriptor.digest.str(), platform)};
  }
  return entry;
}

}  // namespace

std::vector<Digest> chain_ids(const std::vector<Digest>& diff_ids) {
  std::vector<Digest> chain;
  chain.reserve(diff_ids.size());
  for (const Digest& diff_id : diff_ids) {
    chain.push_back(chain.empty() ? diff_id : Digest::of(chain.back().str() + " " + diff_id.str()));
  }
  return chain;
}

Result<std::optional<Image>> load_image(const Store& store, const Descriptor& given) {
  STRATA_ASSIGN(const std::optional<Descriptor> descriptor, manifest_of(store, given));
  if (!descriptor) {
    return std::optional<Image>();
  }
  STRATA_ASSIGN(const std::optional<std::string> text, store.read_blob(descriptor->digest));
  if (!text) {
    return std::optional<Image>();
  }
  STRATA_ASSIGN(Document document, read_document(*text, descriptor->media_type));
  if (!document.manifest) {
    return Error{ErrorCode::Corrupt,
                 fmt::format("image {}: an index within an index", descriptor->digest.str())};
  }
  STRATA_ASSIGN(const std::optional<std::string> config_text,
                store.read_blob(document.manifest->config.digest));
  if (!config_text) {
    return std::optional<Image>();
  }
  STRATA_ASSIGN(ir::ImageConfig config, read_config(*config_text));
  if (config.diff_ids.size() != document.manifest->layers.size()) {
    return Error{
        ErrorCode::Corrupt,
        fmt::format("image {}: {} layers, but {} diff_ids in its config", descriptor->digest.str(),
                    document.manifest->layers.size(), config.diff_ids.size())};
  }
  return std::optional(Image{*descriptor, *std::move(document.manifest), std::move(config)});
}

}  // namespace strata::backend::oci
