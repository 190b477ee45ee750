#pragma once

#include <functional>
#include <string>
#include <vector>

#include "driver/compilation.h"

namespace strata::driver {

// The ops that plans list, in module order: those that make files, and what they are made from;
// config ops and sources too, so that each instruction can be found.
[[nodiscard]] std::vector<ir::OpId> planned_ops(const Compilation& compilation);

// By op index, the stage that an op belongs to first, "" for none. A source belongs to the step
// that reads it first.
[[nodiscard]] std::vector<std::string> stage_names(const ir::Module& module);

// `{"version":1,"images":[…],"steps":[…]}` of the README. `extra` adds members to a step (build's
// metadata); may be empty.
struct StepExtra {
  std::string status;
  std::optional<std::uint64_t> bytes;
  std::optional<double> seconds;
};
[[nodiscard]] std::string plan_json(const Compilation& compilation);
// The array of steps alone, with what a build did of each.
[[nodiscard]] std::string steps_json(const Compilation& compilation,
                                     const std::function<StepExtra(ir::OpId)>& extra);
[[nodiscard]] std::string plan_text(const Compilation& compilation);

}  // namespace strata::driver
