// A step of a build, found by what `build` or `plan` printed of it.
#include <fmt/format.h>

#include <algorithm>

#include "driver/digest_prefix.h"
#include "driver/run_start.h"
#include "ir/image_config.h"

namespace strata::driver {
namespace {

Error no_start(const Digest& step) {
  return {ErrorCode::NotFound,
          fmt::format("step `{}`: the store has its result and does not know where it started; "
                      "`strata build --no-cache` runs it again",
                      step.short_hex())};
}

Result<Digest> end_of(const backend::Store& store, const Digest& step) {
  STRATA_ASSIGN(const std::vector<backend::StepResult> results, store.results(step));
  if (results.empty()) {
    return Error{ErrorCode::NotFound,
                 fmt::format("step `{}` failed, so there is nothing after it; without --after it "
                             "starts where the step did",
                             step.short_hex())};
  }
  return results.back().tree;
}

}  // namespace

Result<Digest> find_step(const backend::Store& store, const std::string& prefix) {
  STRATA_ASSIGN(std::vector<Digest> steps, store.failed_steps());
  STRATA_ASSIGN(const std::vector<Digest> done, store.steps());
  steps.insert(steps.end(), done.begin(), done.end());
  return find_digest(
      std::move(steps), prefix,
      fmt::format("the store knows of no step `{}`; `strata plan` lists those of a build, and "
                  "`strata build` runs what is missing (RUN, COPY, ADD and WORKDIR have a place "
                  "to start at, until `strata gc` collects it)",
                  prefix));
}

Result<RunStart> step_start(const backend::Store& store, const RunOptions& options) {
  STRATA_ASSIGN(const Digest step, find_step(store, options.step));
  std::optional<backend::ProcessStart> start;
  if (!options.after) {
    // Where it failed last is what its message is about.
    STRATA_ASSIGN(start, store.failed(step));
  }
  if (!start) {
    STRATA_ASSIGN(start, store.start(step));
  }
  if (options.after) {
    STRATA_ASSIGN(const Digest end, end_of(store, step));
    if (start) {
      start->trees.push_back(end);
    }
  }
  if (!start) {
    return no_start(step);
  }
  const bool has_path = std::any_of(start->env.begin(), start->env.end(),
                                    [](const auto& pair) { return pair.first == "PATH"; });
  if (start->args.empty() && !has_path) {
    start->env.emplace_back("PATH", ir::kDefaultPath);
  }
  if (!options.command.empty()) {
    start->args = options.command;
  } else if (options.after || start->args.empty()) {
    start->args = {"/bin/sh"};
  }
  return RunStart{*std::move(start), {}};
}

}  // namespace strata::driver
