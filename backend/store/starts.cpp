// Where the processes of steps started, by step digest: of those with a result, and of those that
// failed.
#include <algorithm>

#include "backend/store/names.h"
#include "backend/store/process_start_json.h"
#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

std::string start_path(const StoreFiles& files, const Digest& step) {
  return files.in("steps", step.hex() + std::string(kStartSuffix));
}

std::string failed_path(const StoreFiles& files, const Digest& step) {
  return files.in("failed", step.hex());
}

std::optional<ProcessStart> read_start(const StoreFiles& files, const std::string& path) {
  const std::optional<std::string> body = files.record(path);
  std::optional<ProcessStart> start = body ? parse_process_start(*body) : std::nullopt;
  if (body && !start) {
    files.quarantine(path);
  }
  return start;
}

// The digests of the names in a directory that end so.
Result<std::vector<Digest>> digests_in(const std::string& directory, std::string_view suffix) {
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(directory));
  std::vector<Digest> digests;
  for (const std::string& name : names) {
    if (name.ends_with(suffix)) {
      if (const auto digest = digest_of_name(name.substr(0, name.size() - suffix.size()))) {
        digests.push_back(*digest);
      }
    }
  }
  std::sort(digests.begin(), digests.end());
  return digests;
}

}  // namespace

Result<void> Store::put_start(const Digest& step, const ProcessStart& start) {
  return state_->put_record(start_path(*state_, step), print_process_start(start));
}

Result<std::optional<ProcessStart>> Store::start(const Digest& step) const {
  return read_start(*state_, start_path(*state_, step));
}

Result<std::vector<Digest>> Store::steps() const {
  return digests_in(state_->root + "/steps", kResultsSuffix);
}

Result<void> Store::put_failed(const Digest& step, const ProcessStart& start) {
  return state_->put_record(failed_path(*state_, step), print_process_start(start));
}

Result<std::optional<ProcessStart>> Store::failed(const Digest& step) const {
  return read_start(*state_, failed_path(*state_, step));
}

Result<std::vector<Digest>> Store::failed_steps() const {
  return digests_in(state_->root + "/failed", "");
}

}  // namespace strata::backend
