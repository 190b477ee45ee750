// Where steps that failed started, by step digest.
#include <algorithm>

#include "backend/store/process_start_json.h"
#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {

Result<void> Store::put_failed(const Digest& step, const ProcessStart& start) {
  return state_->put_record(state_->in("failed", step.hex()), print_process_start(start));
}

Result<std::optional<ProcessStart>> Store::failed(const Digest& step) const {
  const std::string path = state_->in("failed", step.hex());
  const std::optional<std::string> body = state_->record(path);
  std::optional<ProcessStart> start = body ? parse_process_start(*body) : std::nullopt;
  if (body && !start) {
    state_->quarantine(path);
  }
  return start;
}

Result<std::vector<Digest>> Store::failed_steps() const {
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(state_->root + "/failed"));
  std::vector<Digest> steps;
  for (const std::string& name : names) {
    if (const std::optional<Digest> step = Digest::parse("sha256:" + name)) {
      steps.push_back(*step);
    }
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace strata::backend
