#pragma once

#include <string>
#include <vector>

#include "backend/execute/executor.h"
#include "backend/store/process_start.h"
#include "driver/options.h"
#include "driver/world.h"
#include "ir/base/result.h"

namespace strata::driver {

// What `strata run` starts, before the command line changes its environment, user and directory.
struct RunStart {
  backend::ProcessStart process;
  std::vector<backend::RunSpec::Bind> binds;
};

// An image: by name or digest in the store, else pulled as docker run would. Its layers are
// unpacked.
[[nodiscard]] Result<RunStart> image_start(World& world, const RunOptions& options);

// A step, as its RUN was started, or with the command line's command; with `after` at its end, and
// for what is no RUN, a shell. Where it failed last, if it did, else where its newest result
// started. Errors: those of find_step; NotFound (no such place is kept).
[[nodiscard]] Result<RunStart> step_start(const backend::Store& store, const RunOptions& options);

// The step that is meant, among those that failed and those that have a result: its digest, or 4
// and more of its first hex digits, with or without `sha256:`. Errors: Input (too few digits;
// several steps begin so), NotFound.
[[nodiscard]] Result<Digest> find_step(const backend::Store& store, const std::string& prefix);

}  // namespace strata::driver
