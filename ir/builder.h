#pragma once

#include <string>

#include "ir/module.h"

namespace strata::ir {

// The only way by which frontends append to a module. Checks (STRATA_CHECK) that operands precede.
class Builder {
 public:
  explicit Builder(Module& module) : module_(&module) {}

  OpId add(OpData data, Loc loc);
  StageId add_stage(std::string name, OpId root, OpId config, Loc loc);
  void add_target(Target target);

 private:
  Module* module_;
};

}  // namespace strata::ir
