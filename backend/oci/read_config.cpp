// Reads any OCI or docker image config; what strata has no use for is dropped.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backend/oci/image.h"
#include "backend/oci/rfc3339.h"
#include "ir/base/parse_json.h"

namespace strata::backend::oci {
namespace {

using nlohmann::json;

// Reads members of one object. A member that is null or not there leaves the value as it is; one of
// another type is the reader's first error.
class Members {
 public:
  Members(const json& object, std::string path) : object_(&object), path_(std::move(path)) {}

  // nullptr when it is not there.
  const json* member(const char* name, json::value_t type) {
    const auto found = object_->find(name);
    if (found == object_->end() || found->is_null()) {
      return nullptr;
    }
    const bool is_number = type == json::value_t::number_integer && found->is_number_integer();
    if (found->type() != type && !is_number) {
      fail(name, fmt::format("is a {}", found->type_name()));
      return nullptr;
    }
    return &*found;
  }

  void read(const char* name, std::string& out) {
    if (const json* value = member(name, json::value_t::string)) {
      out = text(name, *value);
    }
  }
  // No system call takes more of a string than what is before a NUL.
  std::string text(const char* name, const json& string) {
    std::string value = string.get<std::string>();
    if (value.find('\0') != std::string::npos) {
      fail(name, "holds a NUL byte");
    }
    return value;
  }
  void read(const char* name, std::int64_t& out) {
    if (const json* value = member(name, json::value_t::number_integer)) {
      out = value->get<std::int64_t>();
    }
  }
  void read(const char* name, bool& out) {
    if (const json* value = member(name, json::value_t::boolean)) {
      out = value->get<bool>();
    }
  }
  void read(const char* name, std::optional<std::int64_t>& time) {
    const json* value = member(name, json::value_t::string);
    if (value == nullptr || value->get_ref<const std::string&>().empty()) {
      return;
    }
    // Go's zero time: docker's way to say that there is none.
    constexpr std::int64_t kGoZero = -62135596800;
    time = parse_time(value->get_ref<const std::string&>());
    if (!time) {
      fail(name, "is no RFC 3339 time");
    } else if (*time == kGoZero) {
      time.reset();
    }
  }
  void read(const char* name, ir::OptionalStrings& out) {
    const json* value = member(name, json::value_t::array);
    if (value == nullptr) {
      return;
    }
    out.emplace();
    for (const json& item : *value) {
      if (!item.is_string()) {
        fail(name, "holds something that is not a string");
        return;
      }
      out->push_back(text(name, item));
    }
  }
  void read(const char* name, ir::Strings& out) {
    ir::OptionalStrings strings;
    read(name, strings);
    if (strings) {
      out = *std::move(strings);
    }
  }
  // {"80/tcp":{}}
  void read_set(const char* name, ir::Strings& out) {
    if (const json* value = member(name, json::value_t::object)) {
      for (const auto& [item, nothing] : value->items()) {
        out.push_back(item);
      }
    }
  }
  void read_map(const char* name, ir::Pairs& out) {
    if (const json* value = member(name, json::value_t::object)) {
      for (const auto& [key, text] : value->items()) {
        if (!text.is_string()) {
          fail(name, "has a value that is not a string");
          return;
        }
        out.emplace_back(key, text.get<std::string>());
      }
    }
  }

  void fail(const char* name, std::string_view what) {
    if (!error_) {
      error_ = Error{ErrorCode::Corrupt, fmt::format("image config: `{}{}` {}", path_, name, what)};
    }
  }
  [[nodiscard]] Result<void> result() const {
    return error_ ? Result<void>(*error_) : Result<void>();
  }

 private:
  const json* object_;
  std::string path_;
  std::optional<Error> error_;
};

Result<ir::Healthcheck> read_healthcheck(const json& object) {
  ir::Healthcheck check;
  Members members(object, "config.Healthcheck.");
  members.read("Interval", check.interval);
  members.read("Retries", check.retries);
  members.read("StartInterval", check.start_interval);
  members.read("StartPeriod", check.start_period);
  members.read("Test", check.test);
  members.read("Timeout", check.timeout);
  STRATA_TRY(members.result());
  return check;
}

Result<void> read_container(const json& object, ir::ImageConfig& config) {
  Members members(object, "config.");
  members.read("Cmd", config.cmd);
  members.read("Entrypoint", config.entrypoint);
  members.read("Shell", config.shell);
  members.read("User", config.user);
  members.read("WorkingDir", config.workdir);
  members.read("StopSignal", config.stop_signal);
  members.read("OnBuild", config.on_build);
  members.read_set("ExposedPorts", config.ports);
  members.read_set("Volumes", config.volumes);
  members.read_map("Labels", config.labels);
  ir::Strings env;
  members.read("Env", env);
  for (const std::string& entry : env) {
    // From the second byte: Windows has names that begin with `=`.
    const auto equals = entry.find('=', 1);
    config.env.emplace_back(entry.substr(0, equals),
                            equals == std::string::npos ? "" : entry.substr(equals + 1));
  }
  if (const json* check = members.member("Healthcheck", json::value_t::object)) {
    STRATA_ASSIGN(ir::Healthcheck healthcheck, read_healthcheck(*check));
    // docker writes an empty object for none.
    if (!(healthcheck == ir::Healthcheck())) {
      config.healthcheck = std::move(healthcheck);
    }
  }
  return members.result();
}

Result<void> read_diff_ids(const json& object, ir::ImageConfig& config) {
  Members members(object, "rootfs.");
  ir::Strings texts;
  members.read("diff_ids", texts);
  for (const std::string& text : texts) {
    const std::optional<Digest> digest = Digest::parse(text);
    if (!digest) {
      members.fail("diff_ids", "holds something that is not a SHA-256 digest");
      break;
    }
    config.diff_ids.push_back(*digest);
  }
  return members.result();
}

Result<void> read_history(const json& array, ir::ImageConfig& config) {
  for (const json& item : array) {
    if (!item.is_object()) {
      return Error{ErrorCode::Corrupt, "image config: `history` holds something not an object"};
    }
    ir::HistoryEntry entry;
    Members members(item, "history.");
    members.read("author", entry.author);
    members.read("comment", entry.comment);
    members.read("created", entry.created);
    members.read("created_by", entry.created_by);
    members.read("empty_layer", entry.empty_layer);
    STRATA_TRY(members.result());
    config.history.push_back(std::move(entry));
  }
  return {};
}

}  // namespace

Result<ir::ImageConfig> read_config(std::string_view text) {
  const Result<json> parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) {
    return Error{ErrorCode::Corrupt,
                 "image config: " + (parsed ? "not a JSON object" : parsed.error().message)};
  }
  const json& document = *parsed;
  ir::ImageConfig config;
  Members members(document, "");
  members.read("architecture", config.architecture);
  members.read("author", config.author);
  members.read("created", config.created);
  members.read("os", config.os);
  members.read("variant", config.variant);
  if (const json* container = members.member("config", json::value_t::object)) {
    STRATA_TRY(read_container(*container, config));
  }
  if (const json* rootfs = members.member("rootfs", json::value_t::object)) {
    STRATA_TRY(read_diff_ids(*rootfs, config));
  }
  if (const json* history = members.member("history", json::value_t::array)) {
    STRATA_TRY(read_history(*history, config));
  }
  STRATA_TRY(members.result());
  return config;
}

}  // namespace strata::backend::oci
