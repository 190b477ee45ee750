// Parts of records to and from JSON.
#include "backend/store/record_json.h"

#include <nlohmann/json.hpp>

#include "ir/base/text.h"

namespace strata::backend {
namespace {

using nlohmann::json;

std::optional<std::string> bytes_member(const json& object, const char* name) {
  const auto member = object.find(name);
  return member == object.end() ? std::nullopt : read_bytes(*member);
}

std::optional<ir::RunMount> read_mount(const json& item) {
  if (!item.is_object()) {
    return std::nullopt;
  }
  std::optional<std::string> source = bytes_member(item, "source");
  std::optional<std::string> target = bytes_member(item, "target");
  const auto ignore = item.find("ignore");
  if (!source || !target || ignore == item.end() || !ignore->is_array()) {
    return std::nullopt;
  }
  ir::RunMount mount{*std::move(source), *std::move(target), {}};
  for (const json& pattern : *ignore) {
    std::optional<std::string> text = read_bytes(pattern);
    if (!text) {
      return std::nullopt;
    }
    mount.ignore.push_back(*std::move(text));
  }
  return mount;
}

}  // namespace

std::optional<std::string> read_bytes(const json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  const auto encoded = value.is_object() ? value.find("base64") : value.end();
  if (!value.is_object() || encoded == value.end() || !encoded->is_string()) {
    return std::nullopt;
  }
  return base64_decode(encoded->get_ref<const std::string&>());
}

void write_mounts(CanonicalJson& out, const LocalMounts& mounts) {
  out.begin_object().key("context").string(mounts.context);
  out.key("mounts").begin_array();
  for (const ir::RunMount& mount : mounts.mounts) {
    out.begin_object().key("ignore").begin_array();
    for (const std::string& pattern : mount.ignore) {
      out.string(pattern);
    }
    out.end_array();
    out.key("source").string(mount.source).key("target").string(mount.target).end_object();
  }
  out.end_array().end_object();
}

std::optional<LocalMounts> read_mounts(const json& value) {
  std::optional<std::string> context =
      value.is_object() ? bytes_member(value, "context") : std::nullopt;
  const auto array = value.is_object() ? value.find("mounts") : value.end();
  if (!context || array == value.end() || !array->is_array()) {
    return std::nullopt;
  }
  LocalMounts mounts{*std::move(context), {}};
  for (const json& item : *array) {
    std::optional<ir::RunMount> mount = read_mount(item);
    if (!mount) {
      return std::nullopt;
    }
    mounts.mounts.push_back(*std::move(mount));
  }
  return mounts;
}

}  // namespace strata::backend
