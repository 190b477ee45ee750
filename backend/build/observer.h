#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ir/ids.h"

namespace strata::backend {

// How a step ended.
enum class StepEnd { Hit, Ran, Failed, Interrupted };

// Is told what a build does, from several threads at once. Every call returns soon.
class BuildObserver {
 public:
  virtual ~BuildObserver() = default;
  BuildObserver() = default;
  BuildObserver(const BuildObserver&) = delete;
  BuildObserver& operator=(const BuildObserver&) = delete;

  virtual void step_started(ir::OpId step) = 0;
  // A piece of the step's output, as the process wrote it.
  virtual void step_output(ir::OpId step, std::string_view bytes) = 0;
  virtual void step_ended(ir::OpId step, StepEnd end, double seconds, std::uint64_t bytes) = 0;
  // Work that is no step: "writing layer 3/5 of `default`", "pulling …".
  virtual void notice(std::string_view message) = 0;
};

}  // namespace strata::backend
