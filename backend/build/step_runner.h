#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/build/builder.h"
#include "backend/build/copy.h"
#include "backend/build/roots.h"

namespace strata::backend {

// What one executed step left.
struct StepDone {
  Digest tree;
  std::uint64_t bytes = 0;
};

// How the result of a step has to be kept, beside its tree.
struct KeepResult {
  // Unpacked, because a RUN or a COPY --from reads its files.
  bool root = false;
  // As a layer blob, because an image is made of it.
  bool layer = false;
};

// Executes one step whose inputs are bound in `roots`, and publishes its result. On failure
// `failure` has what the user is told about the command, beside the error.
class StepRunner {
 public:
  StepRunner(const BuildRequest& request, Roots& roots) : request_(&request), roots_(&roots) {}

  [[nodiscard]] Result<StepDone> run(ir::OpId step, KeepResult keep, StepFailure& failure);

 private:
  Result<Tree> run_exec(ir::OpId id, const ir::Exec& op, StepFailure& failure);
  Result<StepDone> run_copy(ir::OpId id, const ir::Copy& op, KeepResult keep);
  Result<StepDone> run_mkdir(ir::OpId id, const ir::Mkdir& op, KeepResult keep);
  Result<std::vector<CopyItem>> items(const ir::CopySource& source);
  Result<StepDone> keep_files(const TreeWithContent& made, KeepResult keep);
  [[nodiscard]] std::vector<Digest> bound_inputs(ir::OpId step) const;
  Result<std::optional<StepDone>> stored_result(ir::OpId step);
  Result<void> publish(ir::OpId step, const StepDone& done, double seconds);
  Result<RunOutcome> run_process(ir::OpId id, const RunSpec& spec, StepFailure& failure);
  Result<void> bind_mounts(const ir::Exec& op, RunSpec& spec);

  const BuildRequest* request_;
  Roots* roots_;
};

}  // namespace strata::backend
