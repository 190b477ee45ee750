// Results of steps by step digest, with the record that the digest is of.
#include <vector>

#include "backend/store/names.h"
#include "backend/store/records.h"
#include "backend/store/store_files.h"
#include "ir/base/check.h"

namespace strata::backend {
namespace {

std::string results_path(const StoreFiles& files, const Digest& step) {
  return files.in("steps", step.hex() + std::string(kResultsSuffix));
}
std::string record_path(const StoreFiles& files, const Digest& step) {
  return files.in("steps", step.hex());
}

std::vector<StepResult> read_results(const StoreFiles& files, const Digest& step) {
  const std::string path = results_path(files, step);
  const std::optional<std::string> body = files.record(path);
  if (!body) {
    return {};
  }
  std::optional<std::vector<StepResult>> results = parse_results(*body);
  if (!results) {
    files.quarantine(path);
    return {};
  }
  return *std::move(results);
}

}  // namespace

Result<std::vector<StepResult>> Store::results(const Digest& step) const {
  return read_results(*state_, step);
}

Result<std::optional<std::string>> Store::step_record(const Digest& step) const {
  return state_->checked_file(record_path(*state_, step), step);
}

Result<void> Store::put_result(const Digest& step, std::string_view record,
                               const StepResult& result) {
  STRATA_CHECK(Digest::of(record) == step, "a step's digest is that of its record");
  STRATA_ASSIGN(const Fd guard, state_->lock("steps", {}));
  const std::string path = record_path(*state_, step);
  if (!state_->checked_file(path, step)) {
    STRATA_TRY(state_->publish_text(record, path, Existing::Keep));
  }
  std::vector<StepResult> results = read_results(*state_, step);
  const auto same = [&](const StepResult& other) {
    // A second run that found the same is the same result, however long it took.
    return other.tree == result.tree && other.inputs == result.inputs;
  };
  if (!results.empty() && same(results.back())) {
    return {};
  }
  std::erase_if(results, same);
  results.push_back(result);
  // A step that never comes out the same has one more each time. Only the newest that stands is
  // ever taken; those before it are for when its files, or those of its inputs, are lost.
  constexpr std::size_t kMostResults = 8;
  if (results.size() > kMostResults) {
    results.erase(results.begin(), results.end() - kMostResults);
  }
  return state_->put_record(results_path(*state_, step), print_results(results));
}

}  // namespace strata::backend
