#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/build/builder.h"
#include "backend/build/copy.h"
#include "backend/build/process.h"
#include "backend/build/roots.h"

namespace strata::backend {

// How the result of a step has to be kept, beside its tree.
struct KeepResult {
  // Unpacked, because a RUN or a COPY --from reads its files.
  bool root = false;
  // As a layer blob, because an image is made of it.
  bool layer = false;
};

// What one executed step left. Its readers may start; for other builds, and after a crash, it does
// not exist until it was published.
struct MadeStep {
  ir::OpId step;
  Digest digest;  // of `tree`
  std::shared_ptr<const Tree> tree;
  std::uint64_t bytes = 0;
  KeepResult keep;
  std::int64_t milliseconds = 0;
  // Its root, if it has one that is not published.
  Store::StagedRoot staged;
  // Keeps other processes from running the same step; not valid when one of them had published it
  // before our turn, and nothing is left to do.
  Fd lock;
};

// Executes steps whose inputs are bound in `roots`. Thread-safe.
class StepRunner {
 public:
  // References must outlive this. `own`: the steps that this command has run before.
  StepRunner(const BuildRequest& request, Roots& roots, const Resolver::Own& own)
      : request_(&request),
        roots_(&roots),
        resolver_(request.module, request.records, request.store, request.cache, own) {}

  // Makes the step's files. On failure `failure` has what the user is told about the command or
  // the place, beside the error.
  [[nodiscard]] Result<MadeStep> make(ir::OpId step, KeepResult keep, StepFailure& failure);

  // Makes it last: tree and root synced, then the result, which names them. The layer of a step
  // whose root is kept can be made later than the result: write_layer_of().
  [[nodiscard]] Result<void> publish(MadeStep& made);
  [[nodiscard]] Result<void> write_layer_of(const MadeStep& made);

 private:
  // Each fills in tree, digest and keep of `made`.
  Result<void> run_exec(const ir::Exec& op, MadeStep& made, StepFailure& failure);
  Result<void> run_copy(const ir::Copy& op, MadeStep& made, StepFailure& failure);
  Result<void> run_mkdir(const ir::Mkdir& op, MadeStep& made);
  Result<std::vector<CopyItem>> items(const ir::CopySource& source);
  Result<void> keep_files(const TreeWithContent& files, MadeStep& made);
  [[nodiscard]] std::vector<std::optional<Digest>> bound_inputs(ir::OpId step) const;
  Result<std::optional<MadeStep>> stored_result(ir::OpId step);
  Result<RunOutcome> run_process(ir::OpId id, const RunSpec& spec, StepFailure& failure);
  Result<ProcessStart> start_of(ir::OpId step);
  Result<ProcessStart> start_of(const ir::Exec& op);

  const BuildRequest* request_;
  Roots* roots_;
  Resolver resolver_;
};

}  // namespace strata::backend
