// The one way by which ops, stages and targets are appended to a module.
#include "ir/builder.h"

#include "ir/base/check.h"

namespace strata::ir {

OpId Builder::add(OpData data, Loc loc) {
  Op op{std::move(data), loc, {}};
  for (const OpId operand : operands(op)) {
    STRATA_CHECK(operand.index < module_->ops.size(), "an operand must precede its op");
  }
  module_->ops.push_back(std::move(op));
  return OpId{static_cast<std::uint32_t>(module_->ops.size() - 1)};
}

StageId Builder::add_stage(std::string name, OpId root, OpId config, Loc loc) {
  STRATA_CHECK(root.index < module_->ops.size() && config.index < module_->ops.size(),
               "the ops of a stage must precede it");
  module_->stages.push_back({std::move(name), root, config, loc});
  return StageId{static_cast<std::uint32_t>(module_->stages.size() - 1)};
}

void Builder::add_target(Target target) {
  STRATA_CHECK(target.stage.index < module_->stages.size(), "a target's stage must precede it");
  module_->targets.push_back(std::move(target));
}

}  // namespace strata::ir
