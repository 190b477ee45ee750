// Image configs as canonical JSON.
#include <algorithm>
#include <set>

#include "backend/oci/image.h"
#include "backend/oci/rfc3339.h"
#include "backend/store/descriptor_json.h"
#include "ir/base/canonical_json.h"

namespace strata::backend::oci {
namespace {

void write_strings(CanonicalJson& json, const ir::Strings& strings) {
  json.begin_array();
  for (const std::string& text : strings) {
    json.string(utf8_lossy(text));
  }
  json.end_array();
}

void write_strings(CanonicalJson& json, const char* name, const ir::OptionalStrings& strings) {
  if (strings) {
    json.key(name);
    write_strings(json, *strings);
  }
}

void write_string(CanonicalJson& json, const char* name, const std::string& text) {
  if (!text.empty()) {
    json.key(name).string(utf8_lossy(text));
  }
}

// A set as the image-spec has it: {"80/tcp":{}}.
void write_set(CanonicalJson& json, const char* name, const ir::Strings& items) {
  if (items.empty()) {
    return;
  }
  std::set<std::string> sorted;
  for (const std::string& item : items) {
    sorted.insert(utf8_lossy(item));
  }
  std::string text = "{";
  for (const std::string& item : sorted) {
    if (text.size() > 1) {
      text += ',';
    }
    append_json_string(text, item);
    text += ":{}";
  }
  json.key(name).raw(text + "}");
}

// Durations beyond 2^53 stay numbers: runtimes read an int64.
void write_duration(CanonicalJson& json, const char* name, std::int64_t nanoseconds) {
  if (nanoseconds != 0) {
    json.key(name).raw(std::to_string(nanoseconds));
  }
}

void write_healthcheck(CanonicalJson& json, const ir::Healthcheck& check) {
  json.key("Healthcheck").begin_object();
  write_duration(json, "Interval", check.interval);
  write_duration(json, "Retries", check.retries);
  write_duration(json, "StartInterval", check.start_interval);
  write_duration(json, "StartPeriod", check.start_period);
  json.key("Test");
  write_strings(json, check.test);
  write_duration(json, "Timeout", check.timeout);
  json.end_object();
}

void write_container(CanonicalJson& json, const ir::ImageConfig& config) {
  json.key("config").begin_object();
  write_strings(json, "Cmd", config.cmd);
  write_strings(json, "Entrypoint", config.entrypoint);
  if (!config.env.empty()) {
    json.key("Env").begin_array();
    for (const auto& [name, value] : config.env) {
      std::string entry = name;
      entry.append("=").append(value);
      json.string(utf8_lossy(entry));
    }
    json.end_array();
  }
  write_set(json, "ExposedPorts", config.ports);
  if (config.healthcheck) {
    write_healthcheck(json, *config.healthcheck);
  }
  if (!config.labels.empty()) {
    json.key("Labels");
    write_string_map(json, config.labels);
  }
  if (!config.on_build.empty()) {
    json.key("OnBuild");
    write_strings(json, config.on_build);
  }
  write_strings(json, "Shell", config.shell);
  write_string(json, "StopSignal", config.stop_signal);
  write_string(json, "User", config.user);
  write_set(json, "Volumes", config.volumes);
  write_string(json, "WorkingDir", config.workdir);
  json.end_object();
}

void write_history(CanonicalJson& json, const std::vector<ir::HistoryEntry>& history) {
  json.key("history").begin_array();
  for (const ir::HistoryEntry& entry : history) {
    json.begin_object();
    write_string(json, "author", entry.author);
    write_string(json, "comment", entry.comment);
    if (entry.created) {
      json.key("created").string(format_time(*entry.created));
    }
    write_string(json, "created_by", entry.created_by);
    if (entry.empty_layer) {
      json.key("empty_layer").boolean(true);
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string write_config(const ir::ImageConfig& config) {
  CanonicalJson json;
  json.begin_object();
  json.key("architecture").string(utf8_lossy(config.architecture));
  write_string(json, "author", config.author);
  write_container(json, config);
  if (config.created) {
    json.key("created").string(format_time(*config.created));
  }
  if (!config.history.empty()) {
    write_history(json, config.history);
  }
  json.key("os").string(utf8_lossy(config.os));
  json.key("rootfs").begin_object().key("diff_ids").begin_array();
  for (const Digest& diff_id : config.diff_ids) {
    json.string(diff_id.str());
  }
  json.end_array().key("type").string("layers").end_object();
  write_string(json, "variant", config.variant);
  json.end_object();
  return json.take();
}

}  // namespace strata::backend::oci
