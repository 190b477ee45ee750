#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/build/resolver.h"
#include "backend/store/store.h"
#include "ir/module.h"
#include "ir/record.h"

namespace strata::backend {

enum class StepStatus {
  // A stored result stands, or nothing needs this step.
  Hit,
  // It runs in the next build.
  Miss,
  // Its digest is not known: a base is not resolved.
  Unknown,
};
[[nodiscard]] std::string_view status_name(StepStatus status);

// What a build will do with one op.
struct PlannedStep {
  StepStatus status = StepStatus::Unknown;
  std::string reason;
  // Set on a hit by the step's digest: the result that the build is bound to.
  std::optional<StepResult> result;
  // False when no target needs the step's result (all that read it are hits).
  bool needed = false;
};

struct PlannedTarget {
  // The image key's record; nullopt on an unbound target.
  std::optional<ir::ImageKey> key;
  // The stored image of that key, whole and of the newest results; the target's steps are all hits
  // then.
  std::optional<Descriptor> image;
};

struct Plan {
  std::vector<PlannedStep> steps;      // by OpId
  std::vector<PlannedTarget> targets;  // by Module::targets
  [[nodiscard]] bool all_hit() const;
  // Whether a build would do the same for both.
  [[nodiscard]] bool same_work(const Plan& other) const;
};

// Whether a build of this plan runs commands.
[[nodiscard]] bool starts_processes(const ir::Module& module, const Plan& plan);

struct PlanRequest {
  const ir::Module& module;
  const std::vector<std::optional<ir::StepRecord>>& records;
  Store& store;
  ir::ImageKeyInputs key_inputs;
  CacheUse cache = CacheUse::Use;
  Resolver::Own own = {};
};

// From the targets down, which steps have a result that stands (`Resolver`) and which must run.
// Reads the store only; never syncs, never touches the network. A step whose input must run in the
// same build is never a hit: its input may come out otherwise. Nor is one of which an input has a
// newer result than it was made over: then a refreshed step stays refreshed in all that read it,
// whole images included.
[[nodiscard]] Result<Plan> make_plan(const PlanRequest& request);

}  // namespace strata::backend
