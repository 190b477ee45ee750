#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/build/observer.h"
#include "backend/build/plan.h"
#include "backend/build/sources.h"
#include "backend/execute/executor.h"
#include "backend/registry/registry.h"
#include "backend/store/store.h"
#include "ir/module.h"
#include "ir/record.h"

namespace strata::backend {

struct BuiltStep {
  enum class Status { Hit, Ran, Skipped } status = Status::Skipped;
  double seconds = 0;
  std::uint64_t bytes = 0;
};

// Those that ran.
[[nodiscard]] Resolver::Own own_steps(const std::vector<BuiltStep>& steps);

struct BuildRequest {
  const ir::Module& module;
  const std::vector<std::optional<ir::StepRecord>>& records;
  // Of the same module, records and store.
  const Plan* plan = nullptr;
  Store& store;
  Registry& registry;
  const Sources& sources;
  // nullptr when no step of the plan runs a process.
  Executor* executor = nullptr;
  EmissionProfile profile;
  CacheUse cache = CacheUse::Use;
  unsigned jobs = 1;
  // Proxy variables: in the environment of every RUN, in no key.
  ir::Pairs proxies;
  BuildObserver& observer;
  // Set from outside to stop: running processes are killed by Executor::cancel(), no new step
  // starts.
  const std::atomic<bool>& cancelled;
  // By OpId: what an earlier build() of the same steps by this command did; what it ran counts as
  // run by this one, and stands in spite of CacheUse::Ignore. Empty: there was none.
  std::vector<BuiltStep> earlier = {};
};

// A step that failed: wrong input that only the root shows (a missing COPY --from source), or a
// command that ended with an error. Or an image op, with a Network error, whose layers its registry
// did not give.
struct StepFailure {
  ir::OpId step;
  Error error;
  // Of a RUN; 0 when no process failed.
  int exit_code = 0;
  int signal = 0;
  // The last lines that it wrote.
  std::string output_tail;
  // The part of the step that is to blame, when it is known (a source of a COPY).
  Loc loc = {};
  // Where the command started; what can be started there again, from the store (`Store::failed`):
  // nothing, the command, a /bin/sh too.
  std::optional<ProcessStart> start = {};
  enum class Again { No, Command, Shell } again = Again::No;
};

struct BuiltImage {
  Descriptor manifest;
  Digest config;
  // True when the store held the whole image by its key, so that nothing was done for it.
  bool skipped = false;
};

struct BuildOutcome {
  std::vector<BuiltStep> steps;    // by OpId
  std::vector<BuiltImage> images;  // by Module::targets; empty unless all were built
  std::vector<StepFailure> failures;
};

// Carries out a plan: runs what must run, in parallel, writes the layers that the targets' images
// need, and leaves whole images in the store (without a name). After a failure the steps that run
// are finished, no other is started. What turns out to be lost or damaged in the store is set aside
// and made again: from its root, by its step, from its registry; the observer is told. The Result's
// error is a failure of the world (no runtime, no space, network, interrupted; Corrupt: what cannot
// be made again).
[[nodiscard]] Result<BuildOutcome> build(const BuildRequest& request);

}  // namespace strata::backend
