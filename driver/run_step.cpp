// A step that failed, found by what a build printed of it.
#include <fmt/format.h>

#include "driver/digest_prefix.h"
#include "driver/run_start.h"

namespace strata::driver {

Result<Digest> find_failed_step(const backend::Store& store, const std::string& prefix) {
  STRATA_ASSIGN(std::vector<Digest> steps, store.failed_steps());
  return find_digest(
      std::move(steps), prefix,
      fmt::format("the store knows of no failed step `{}`; the message of a failed RUN has the "
                  "command, and `strata gc` forgets such steps",
                  prefix));
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
