// Images out of a docker archive (`docker save`, `podman save`): manifest.json, configs, layer
// tars.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "backend/oci/import_parts.h"
#include "ir/base/parse_json.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

using nlohmann::json;

struct Entry {
  std::string config;
  std::vector<std::string> tags;
  std::vector<std::string> layers;
};

Error malformed(std::string_view what) {
  return {ErrorCode::Corrupt, fmt::format("manifest.json: {}", what)};
}

Result<std::vector<std::string>> read_strings(const json& object, const char* name) {
  std::vector<std::string> strings;
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) {
    return strings;
  }
  if (!member->is_array()) {
    return malformed(fmt::format("`{}` is not an array", name));
  }
  for (const json& item : *member) {
    if (!item.is_string()) {
      return malformed(fmt::format("`{}` holds something that is not a string", name));
    }
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

Result<std::vector<Entry>> read_entries(const std::string& text) {
  const Result<json> document = parse_json(text);
  if (!document || !document->is_array() || document->empty()) {
    return malformed(document ? "not a list of images" : document.error().message);
  }
  std::vector<Entry> entries;
  for (const json& item : *document) {
    if (!item.is_object() || !item.contains("Config") || !item["Config"].is_string()) {
      return malformed("an image without `Config`");
    }
    Entry entry;
    entry.config = item["Config"].get<std::string>();
    STRATA_ASSIGN(entry.tags, read_strings(item, "RepoTags"));
    STRATA_ASSIGN(entry.layers, read_strings(item, "Layers"));
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<Entry> choose(const ImportRequest& request, const std::vector<Entry>& entries) {
  if (entries.size() == 1) {
    return entries.front();
  }
  const auto wanted = ir::Reference::parse(request.name);
  std::string names;
  for (const Entry& entry : entries) {
    for (const std::string& tag : entry.tags) {
      if (wanted && ir::Reference::parse(tag) == wanted) {
        return entry;
      }
      names += (names.empty() ? "" : ", ") + tag;
    }
  }
  return Error{ErrorCode::Input, fmt::format("`{}` holds {} images, none of the name given: {}",
                                             request.path, entries.size(), names)};
}

// By content: the names in these archives say nothing of the compression.
std::string layer_type(const Fd& file) {
  std::array<char, 4> magic{};
  const ssize_t size = ::pread(file.get(), magic.data(), magic.size(), 0);
  const std::string_view start(magic.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  std::string type = "application/vnd.oci.image.layer.v1.tar";
  if (start.substr(0, 2) == "\x1f\x8b") {
    type += "+gzip";
  } else if (start == "\x28\xb5\x2f\xfd") {
    type += "+zstd";
  }
  return type;
}

}  // namespace

Result<Imported> import_docker(Store& store, const ImportRequest& request,
                               const std::string& directory) {
  STRATA_ASSIGN(const std::string text, read_inside(directory, "manifest.json"));
  STRATA_ASSIGN(const std::vector<Entry> entries, read_entries(text));
  STRATA_ASSIGN(const Entry entry, choose(request, entries));
  STRATA_ASSIGN(const std::string config, read_inside(directory, entry.config));
  STRATA_ASSIGN(const ir::ImageConfig parsed, read_config(config));
  if (parsed.diff_ids.size() != entry.layers.size()) {
    return malformed(fmt::format("{} layers, but {} diff_ids in the config", entry.layers.size(),
                                 parsed.diff_ids.size()));
  }
  Manifest manifest;
  STRATA_ASSIGN(manifest.config.digest, store.put_blob(config));
  manifest.config.media_type = kConfigType;
  manifest.config.size = config.size();
  for (const std::string& path : entry.layers) {
    STRATA_ASSIGN(const Fd file, open_inside(directory, path));
    STRATA_ASSIGN(Descriptor layer, put_file(store, file, layer_type(file), std::nullopt));
    manifest.layers.push_back(std::move(layer));
  }
  const std::string document = write_manifest(manifest);
  Imported imported;
  STRATA_ASSIGN(imported.manifest.digest, store.put_blob(document));
  imported.manifest.media_type = kManifestType;
  imported.manifest.size = document.size();
  imported.name = entry.tags.empty() ? "" : entry.tags.front();
  return imported;
}

}  // namespace strata::backend::oci
