// Run specs on disk.
#include "driver/run_spec.h"

#include <nlohmann/json.hpp>

#include "backend/system/files.h"
#include "ir/base/parse_json.h"

namespace strata::driver {
namespace {

std::string path_of(const backend::Store& store, const Digest& manifest) {
  return store.path() + "/runspecs/" + manifest.hex() + ".json";
}

}  // namespace

Result<void> write_run_spec(const backend::Store& store, const Digest& manifest,
                            const RunSpecFile& spec) {
  const std::string path = path_of(store, manifest);
  if (spec.mounts.empty()) {
    return backend::remove_tree(path);
  }
  STRATA_ASSIGN(const std::string context, backend::absolute_path(spec.context));
  nlohmann::ordered_json mounts = nlohmann::ordered_json::array();
  for (const ir::RunMount& mount : spec.mounts) {
    mounts.push_back(
        {{"source", mount.source}, {"target", mount.target}, {"ignore", mount.ignore}});
  }
  const nlohmann::ordered_json json = {{"context", context}, {"mounts", mounts}};
  STRATA_TRY(backend::make_directories(store.path() + "/runspecs"));
  return backend::write_file_durably(path, json.dump(2) + "\n");
}

Result<RunSpecFile> read_run_spec(const backend::Store& store, const Digest& manifest) {
  const std::string path = path_of(store, manifest);
  auto text = backend::read_file(path);
  if (!text) {
    if (text.error().code == ErrorCode::NotFound) {
      return RunSpecFile{};
    }
    return std::move(text).error();
  }
  const Result<nlohmann::json> document = parse_json(*text);
  const nlohmann::json json = document ? *document : nlohmann::json();
  RunSpecFile spec;
  if (json.is_object() && json.contains("context") && json["context"].is_string() &&
      json["mounts"].is_array()) {
    spec.context = json["context"].get<std::string>();
    for (const auto& mount : json["mounts"]) {
      spec.mounts.push_back({mount.value("source", ""), mount.value("target", ""),
                             mount.value("ignore", ir::Strings())});
    }
  }
  return spec;
}

}  // namespace strata::driver
