#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/base/emitter.h"
#include "ir/module.h"

namespace strata::passes {

struct PassInfo {
  std::string_view name;
  std::string_view help;
};

// Every pass, in the order of passes.def.
[[nodiscard]] const std::vector<PassInfo>& all_passes();
// The pass names of the default pipeline (pipeline.cpp explains the order).
[[nodiscard]] const std::vector<std::string>& default_pipeline();

struct PassOptions {
  bool verify_each = false;
  bool print_changed = false;
  bool time_passes = false;
  // Names of passes after which the module is printed.
  std::vector<std::string> print_after;
  // Print and timing go here when set.
  std::string* log = nullptr;
};

// Runs the named passes in order, on a module that is verified first. False, with a diagnostic,
// when a name is unknown (UnknownPass), the module is not valid, or verification fails after a pass
// (the pass is named, and the IR before it is noted).
[[nodiscard]] bool run_passes(ir::Module& module, const std::vector<std::string>& names,
                              const PassOptions& options, Emitter& emitter);

}  // namespace strata::passes
