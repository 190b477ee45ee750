// The named pass lists, as data.
#include "passes/pass_manager.h"

namespace strata::passes {

const std::vector<std::string>& default_pipeline() {
  static const std::vector<std::string> passes = {
      // First, so that nothing else works on what no target reaches.
      "drop-unused",
      // Before dedupe, which sees that two steps are the same only by their one spelling.
      "normalize",
      // Last of those that matter for digests: it compares the final form of each step.
      "dedupe",
      // Again, for the config ops that normalize merged into others.
      "drop-unused",
  };
  return passes;
}

}  // namespace strata::passes
