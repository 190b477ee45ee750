// The texts of the store's small files; the one place here that parses JSON.
#include "backend/store/records.h"

#include <nlohmann/json.hpp>

#include "backend/store/descriptor_json.h"
#include "backend/store/record_json.h"
#include "backend/system/json.h"
#include "ir/base/canonical_json.h"

namespace strata::backend {
namespace {

using nlohmann::json;

std::optional<json> parse_object(std::string_view body) {
  json value = parse_json(body);
  if (!value.is_object()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> string_member(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) {
    return std::nullopt;
  }
  return member->get<std::string>();
}

std::optional<Digest> digest_member(const json& object, const char* name) {
  const std::optional<std::string> text = string_member(object, name);
  return text ? Digest::parse(*text) : std::nullopt;
}

std::optional<StepResult> parse_result(const json& item) {
  StepResult result;
  if (!item.is_object()) {
    return std::nullopt;
  }
  const std::optional<Digest> tree = digest_member(item, "tree");
  const auto inputs = item.find("inputs");
  const auto duration = item.find("milliseconds");
  if (!tree || inputs == item.end() || !inputs->is_array() || duration == item.end() ||
      !duration->is_number_integer()) {
    return std::nullopt;
  }
  result.tree = *tree;
  result.seconds_ms = duration->get<std::int64_t>();
  for (const json& input : *inputs) {
    const std::optional<Digest> digest =
        input.is_string() ? Digest::parse(input.get_ref<const std::string&>()) : std::nullopt;
    if (!digest) {
      return std::nullopt;
    }
    result.inputs.push_back(*digest);
  }
  return result;
}

// Adds the digests of an array of descriptors; false when one is malformed.
bool add_links(const json& document, const char* name, std::vector<Digest>& out) {
  const auto array = document.find(name);
  if (array == document.end() || array->is_null()) {
    return true;
  }
  if (!array->is_array()) {
    return false;
  }
  for (const json& item : *array) {
    const std::optional<Digest> digest =
        item.is_object() ? digest_member(item, "digest") : std::nullopt;
    if (!digest) {
      return false;
    }
    out.push_back(*digest);
  }
  return true;
}

}  // namespace

std::string print_results(const std::vector<StepResult>& results) {
  CanonicalJson out;
  out.begin_object().key("results").begin_array();
  for (const StepResult& result : results) {
    out.begin_object().key("inputs").begin_array();
    for (const Digest& input : result.inputs) {
      out.string(input.str());
    }
    out.end_array();
    out.key("milliseconds").integer(result.seconds_ms);
    out.key("tree").string(result.tree.str());
    out.end_object();
  }
  out.end_array().end_object();
  return out.take();
}

std::optional<std::vector<StepResult>> parse_results(std::string_view body) {
  const std::optional<json> object = parse_object(body);
  if (!object || !object->contains("results") || !object->at("results").is_array()) {
    return std::nullopt;
  }
  std::vector<StepResult> results;
  for (const json& item : object->at("results")) {
    std::optional<StepResult> result = parse_result(item);
    if (!result) {
      return std::nullopt;
    }
    results.push_back(*std::move(result));
  }
  return results;
}

std::string print_layer(const LayerBlob& layer) {
  CanonicalJson out;
  out.begin_object();
  out.key("blob").string(layer.blob.str());
  out.key("diffId").string(layer.diff_id.str());
  out.key("size").integer(static_cast<std::int64_t>(layer.size));
  out.end_object();
  return out.take();
}

std::optional<LayerBlob> parse_layer(std::string_view body) {
  const std::optional<json> object = parse_object(body);
  if (!object) {
    return std::nullopt;
  }
  const std::optional<Digest> blob = digest_member(*object, "blob");
  const std::optional<Digest> diff_id = digest_member(*object, "diffId");
  const auto size = object->find("size");
  if (!blob || !diff_id || size == object->end() || !size->is_number_unsigned()) {
    return std::nullopt;
  }
  return LayerBlob{*diff_id, *blob, size->get<std::uint64_t>()};
}

std::string print_ref(const Ref& ref) {
  CanonicalJson out;
  out.begin_object().key("manifest");
  write_descriptor(out, ref.manifest);
  if (!ref.mounts.mounts.empty()) {
    out.key("mounts");
    write_mounts(out, ref.mounts);
  }
  out.key("name").string(ref.name).end_object();
  return out.take();
}

std::optional<Ref> parse_ref(std::string_view body) {
  const std::optional<json> object = parse_object(body);
  if (!object || !object->contains("manifest")) {
    return std::nullopt;
  }
  const std::optional<std::string> name = string_member(*object, "name");
  Result<Descriptor> manifest = read_descriptor(object->at("manifest"));
  const auto found = object->find("mounts");
  std::optional<LocalMounts> mounts = found == object->end() ? LocalMounts() : read_mounts(*found);
  if (!name || !manifest || !mounts) {
    return std::nullopt;
  }
  return Ref{*name, *std::move(manifest), *std::move(mounts)};
}

std::string print_resolved(const ResolvedRecord& record) {
  CanonicalJson out;
  out.begin_object();
  out.key("manifest").string(record.manifest.str());
  out.key("platform").string(record.platform);
  out.key("ref").string(record.ref);
  out.end_object();
  return out.take();
}

std::optional<ResolvedRecord> parse_resolved(std::string_view body) {
  const std::optional<json> object = parse_object(body);
  if (!object) {
    return std::nullopt;
  }
  const std::optional<Digest> manifest = digest_member(*object, "manifest");
  const std::optional<std::string> platform = string_member(*object, "platform");
  const std::optional<std::string> ref = string_member(*object, "ref");
  if (!manifest || !platform || !ref) {
    return std::nullopt;
  }
  return ResolvedRecord{*ref, *platform, *manifest};
}

std::string print_digest(const Digest& digest) { return digest.str(); }
std::optional<Digest> parse_digest(std::string_view body) { return Digest::parse(body); }

std::optional<DocumentLinks> document_links(std::string_view text) {
  const std::optional<json> object = parse_object(text);
  if (!object) {
    return std::nullopt;
  }
  DocumentLinks links;
  if (const auto config = object->find("config"); config != object->end()) {
    const std::optional<Digest> digest =
        config->is_object() ? digest_member(*config, "digest") : std::nullopt;
    if (!digest) {
      return std::nullopt;
    }
    links.blobs.push_back(*digest);
  }
  if (!add_links(*object, "layers", links.blobs) ||
      !add_links(*object, "manifests", links.manifests)) {
    return std::nullopt;
  }
  return links;
}

std::string print_layout_index(const std::vector<Descriptor>& manifests) {
  CanonicalJson out;
  out.begin_object().key("manifests").begin_array();
  for (const Descriptor& manifest : manifests) {
    write_descriptor(out, manifest);
  }
  out.end_array();
  out.key("mediaType").string("application/vnd.oci.image.index.v1+json");
  out.key("schemaVersion").integer(2);
  out.end_object();
  return out.take();
}

}  // namespace strata::backend
