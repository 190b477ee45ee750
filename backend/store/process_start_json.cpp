// Where a process starts, to and from JSON.
#include "backend/store/process_start_json.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "backend/store/record_json.h"
#include "ir/base/canonical_json.h"
#include "ir/base/parse_json.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

using nlohmann::json;

void write_strings(CanonicalJson& out, const ir::Strings& strings) {
  out.begin_array();
  for (const std::string& text : strings) {
    out.string(text);
  }
  out.end_array();
}

void write_mount(CanonicalJson& out, const ProcessStart::Mount& mount) {
  out.begin_object().key("files").begin_array();
  for (const ir::InlineFile& file : mount.files) {
    out.begin_object();
    out.key("content").string(file.content);
    out.key("mode").integer(file.mode);
    out.key("path").string(file.path);
    out.end_object();
  }
  out.end_array();
  out.key("target").string(mount.target).end_object();
}

// The value types of CanonicalJson. False: `value` is not one, and `out` is not to be used.
bool read_value(const json& value, std::string& out) {
  std::optional<std::string> bytes = read_bytes(value);
  if (!bytes) {
    return false;
  }
  out = *std::move(bytes);
  return true;
}

bool read_value(const json& value, std::int64_t& out) {
  if (value.is_number_integer()) {
    out = value.get<std::int64_t>();
    return true;
  }
  if (!value.is_string()) {
    return false;
  }
  const auto& text = value.get_ref<const std::string&>();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_value(const json& value, Digest& out) {
  const std::optional<Digest> digest =
      value.is_string() ? Digest::parse(value.get_ref<const std::string&>()) : std::nullopt;
  out = digest.value_or(Digest());
  return digest.has_value();
}

bool read_value(const json& value, std::pair<std::string, std::string>& out) {
  return value.is_array() && value.size() == 2 && read_value(value[0], out.first) &&
         read_value(value[1], out.second);
}

template <typename T>
bool read_value(const json& value, std::vector<T>& out);

template <typename T>
bool read_member(const json& object, const char* name, T& out) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && member != object.end() && read_value(*member, out);
}

bool read_value(const json& value, ir::InlineFile& out) {
  return read_member(value, "content", out.content) && read_member(value, "mode", out.mode) &&
         read_member(value, "path", out.path);
}

bool read_value(const json& value, ProcessStart::Mount& out) {
  return read_member(value, "files", out.files) && read_member(value, "target", out.target);
}

template <typename T>
bool read_value(const json& value, std::vector<T>& out) {
  if (!value.is_array()) {
    return false;
  }
  for (const json& item : value) {
    if (!read_value(item, out.emplace_back())) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string print_process_start(const ProcessStart& start) {
  CanonicalJson out;
  out.begin_object().key("args");
  write_strings(out, start.args);
  out.key("cwd").string(start.cwd);
  out.key("env").begin_array();
  for (const auto& [name, value] : start.env) {
    write_strings(out, {name, value});
  }
  out.end_array();
  out.key("epoch").integer(start.epoch);
  out.key("hostname").string(start.hostname);
  out.key("mounts").begin_array();
  for (const ProcessStart::Mount& mount : start.mounts) {
    write_mount(out, mount);
  }
  out.end_array();
  out.key("network").string(start.network);
  out.key("trees").begin_array();
  for (const Digest& tree : start.trees) {
    out.string(tree.str());
  }
  out.end_array();
  out.key("user").string(start.user).end_object();
  return out.take();
}

std::optional<ProcessStart> parse_process_start(std::string_view body) {
  const Result<json> parsed = parse_json(body);
  if (!parsed) {
    return std::nullopt;
  }
  const json& object = *parsed;
  ProcessStart start;
  const bool whole =
      read_member(object, "args", start.args) && read_member(object, "cwd", start.cwd) &&
      read_member(object, "env", start.env) && read_member(object, "epoch", start.epoch) &&
      read_member(object, "hostname", start.hostname) &&
      read_member(object, "mounts", start.mounts) &&
      read_member(object, "network", start.network) && read_member(object, "trees", start.trees) &&
      read_member(object, "user", start.user);
  return whole ? std::optional(std::move(start)) : std::nullopt;
}

}  // namespace strata::backend
