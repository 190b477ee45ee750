// Descriptors to and from JSON, for the store's own records and for image documents.
#include "backend/store/descriptor_json.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "ir/base/text.h"

namespace strata::backend {
namespace {

// The length of the UTF-8 sequence that starts at `text[0]`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_utf8(text.substr(0, length))) {
      return length;
    }
  }
  return 0;
}

void write_platform(CanonicalJson& json, const std::string& platform) {
  const auto slash = platform.find('/');
  const auto second = slash == std::string::npos ? slash : platform.find('/', slash + 1);
  json.key("platform").begin_object();
  if (slash != std::string::npos) {
    json.key("architecture").string(platform.substr(slash + 1, second - slash - 1));
  }
  json.key("os").string(platform.substr(0, slash));
  if (second != std::string::npos) {
    json.key("variant").string(platform.substr(second + 1));
  }
  json.end_object();
}

Error bad(std::string_view what) {
  return {ErrorCode::Corrupt, "descriptor: " + std::string(what)};
}

Result<std::string> read_platform(const nlohmann::json& json) {
  if (!json.is_object()) {
    return bad("`platform` is not an object");
  }
  std::string text;
  for (const char* name : {"os", "architecture", "variant"}) {
    const auto member = json.find(name);
    if (member == json.end() || member->is_null()) {
      continue;
    }
    if (!member->is_string()) {
      return bad("`platform` has a member that is not a string");
    }
    const auto& part = member->get_ref<const std::string&>();
    if (!part.empty()) {
      text += text.empty() ? part : "/" + part;
    }
  }
  return text;
}

Result<ir::Pairs> read_annotations(const nlohmann::json& json) {
  if (!json.is_object()) {
    return bad("`annotations` is not an object");
  }
  ir::Pairs pairs;
  // nlohmann keeps members in byte order.
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) {
      return bad("annotation `" + name + "` is not a string");
    }
    pairs.emplace_back(name, value.get_ref<const std::string&>());
  }
  return pairs;
}

}  // namespace

std::string utf8_lossy(std::string_view text) {
  if (is_utf8(text)) {
    return std::string(text);
  }
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

void write_string_map(CanonicalJson& json, const ir::Pairs& pairs) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : pairs) {
    sorted.insert_or_assign(utf8_lossy(name), utf8_lossy(value));
  }
  // Not by key(): it takes ASCII names only.
  std::string text = "{";
  for (const auto& [name, value] : sorted) {
    if (text.size() > 1) {
      text += ',';
    }
    append_json_string(text, name);
    text += ':';
    append_json_string(text, value);
  }
  json.raw(text + "}");
}

void write_descriptor(CanonicalJson& json, const Descriptor& descriptor) {
  json.begin_object();
  if (!descriptor.annotations.empty()) {
    json.key("annotations");
    write_string_map(json, descriptor.annotations);
  }
  json.key("digest").string(descriptor.digest.str());
  json.key("mediaType").string(descriptor.media_type);
  if (!descriptor.platform.empty()) {
    write_platform(json, descriptor.platform);
  }
  json.key("size").integer(static_cast<std::int64_t>(descriptor.size));
  json.end_object();
}

Result<Descriptor> read_descriptor(const nlohmann::json& json) {
  if (!json.is_object()) {
    return bad("not an object");
  }
  Descriptor descriptor;
  const auto digest = json.find("digest");
  if (digest == json.end() || !digest->is_string()) {
    return bad("no `digest`");
  }
  const auto& text = digest->get_ref<const std::string&>();
  const std::optional<Digest> parsed = Digest::parse(text);
  if (!parsed) {
    return bad("digest `" + utf8_lossy(text).substr(0, 100) + "` is not a SHA-256");
  }
  descriptor.digest = *parsed;
  const auto size = json.find("size");
  if (size == json.end() || !size->is_number_unsigned()) {
    return bad("`size` of " + text + " is not a number of bytes");
  }
  descriptor.size = size->get<std::uint64_t>();
  // The size is compared with file sizes, which are signed.
  if (descriptor.size > std::uint64_t{1} << 62) {
    return bad("`size` of " + text + " is out of range");
  }
  if (const auto type = json.find("mediaType"); type != json.end() && !type->is_null()) {
    if (!type->is_string()) {
      return bad("`mediaType` of " + text + " is not a string");
    }
    descriptor.media_type = type->get_ref<const std::string&>();
  }
  if (const auto platform = json.find("platform"); platform != json.end() && !platform->is_null()) {
    STRATA_ASSIGN(descriptor.platform, read_platform(*platform));
  }
  if (const auto map = json.find("annotations"); map != json.end() && !map->is_null()) {
    STRATA_ASSIGN(descriptor.annotations, read_annotations(*map));
  }
  return descriptor;
}

}  // namespace strata::backend
