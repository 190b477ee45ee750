// A step that failed, found by what a build printed of it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "driver/run_start.h"

namespace strata::driver {
namespace {

constexpr std::size_t kFewestDigits = 4;

std::string listed(const std::vector<Digest>& digests) {
  std::string text;
  for (const Digest& digest : digests) {
    text += (text.empty() ? "" : ", ") + digest.short_hex();
  }
  return text;
}

}  // namespace

Result<Digest> find_failed_step(const backend::Store& store, const std::string& prefix) {
  const std::string digits = prefix.starts_with("sha256:") ? prefix.substr(7) : prefix;
  if (digits.size() < kFewestDigits) {
    return Error{ErrorCode::Input,
                 fmt::format("step `{}`: at least {} digits of its digest are needed", prefix,
                             kFewestDigits)};
  }
  STRATA_ASSIGN(const std::vector<Digest> steps, store.failed_steps());
  std::vector<Digest> meant;
  std::copy_if(steps.begin(), steps.end(), std::back_inserter(meant),
               [&](const Digest& step) { return step.hex().starts_with(digits); });
  if (meant.empty()) {
    return Error{ErrorCode::NotFound,
                 fmt::format("the store knows of no failed step `{}`; the message of a failed RUN "
                             "has the command, and `strata gc` forgets such steps",
                             prefix)};
  }
  if (meant.size() > 1) {
    return Error{ErrorCode::Input,
                 fmt::format("step `{}` is ambiguous: {}", prefix, listed(meant))};
  }
  return meant.front();
}

Result<RunStart> step_start(const backend::Store& store, const RunOptions& options) {
  STRATA_ASSIGN(const Digest step, find_failed_step(store, options.step));
  STRATA_ASSIGN(auto start, store.failed(step));
  if (!start) {
    return Error{
        ErrorCode::NotFound,
        fmt::format("step `{}`: its record was damaged; run the build again", step.short_hex())};
  }
  if (!options.command.empty()) {
    start->args = options.command;
  }
  return RunStart{*std::move(start), {}};
}

}  // namespace strata::driver
