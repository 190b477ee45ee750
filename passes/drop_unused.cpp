// drop-unused: removes the stages and steps that no target reaches.
//
//   %0 = scratch                               %0 = scratch
//   %1 = mkdir path="/a" root=%0               %1 = mkdir path="/b" root=%0
//   %2 = mkdir path="/b" root=%0         =>    @0 = stage "b" config=%0 root=%1
//   @0 = stage "a" config=%0 root=%1           target "b" stage=@0
//   @1 = stage "b" config=%0 root=%2
//   target "b" stage=@1
//
// A stage that is no target but leaves a root that one reads keeps its name, because plans show it;
// what it alone did to its config goes. Preserves: the order of ops and stages, locations, digests.
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace strata::passes {
namespace {

class DropUnused final : public Pass {
 public:
  Change run(ir::Module& module, PassContext& context) override;
};

// Ops that some target's root or config is made of.
std::vector<bool> reached_ops(const ir::Module& module) {
  std::vector<bool> reached(module.ops.size());
  for (const ir::Target& target : module.targets) {
    const ir::Stage& stage = module.stage(target.stage);
    reached[stage.root.index] = true;
    reached[stage.config.index] = true;
  }
  // Operands precede their ops, so one sweep from the end meets every user before what it uses.
  for (std::size_t i = module.ops.size(); i-- > 0;) {
    if (reached[i]) {
      for (const ir::OpId operand : ir::operands(module.ops[i])) {
        reached[operand.index] = true;
      }
    }
  }
  return reached;
}

// By op: the last op of the config chain that it ends which a target reaches, and the bottom of the
// root chain that it ends. One sweep for all, because many stages may rest on one long chain.
struct Below {
  std::vector<ir::OpId> reached_config;
  std::vector<ir::OpId> bottom;
};

Below look_below(const ir::Module& module, const std::vector<bool>& reached) {
  Below below{std::vector<ir::OpId>(module.ops.size()), std::vector<ir::OpId>(module.ops.size())};
  for (std::uint32_t i = 0; i < module.ops.size(); ++i) {
    const ir::Op& op = module.ops[i];
    const auto* config = std::get_if<ir::Config>(&op.data);
    const ir::OpId root = ir::root_operand(op);
    if (reached[i]) {
      below.reached_config[i] = ir::OpId{i};
    } else if (config != nullptr) {
      below.reached_config[i] = below.reached_config[config->base.index];
    }
    below.bottom[i] = root.valid() ? below.bottom[root.index] : ir::OpId{i};
  }
  return below;
}

Change DropUnused::run(ir::Module& module, PassContext& /*context*/) {
  const std::vector<bool> reached = reached_ops(module);
  const Below below = look_below(module, reached);
  Change change = Change::Unchanged;
  std::vector<ir::StageId> moved(module.stages.size());
  std::vector<ir::Stage> stages;
  for (std::size_t i = 0; i < module.stages.size(); ++i) {
    ir::Stage stage = module.stages[i];
    if (!reached[stage.root.index]) {
      change = Change::Changed;
      continue;
    }
    ir::OpId config = below.reached_config[stage.config.index];
    if (!config.valid()) {
      config = below.bottom[stage.root.index];
    }
    change = config == stage.config ? change : Change::Changed;
    stage.config = config;
    moved[i] = ir::StageId{static_cast<std::uint32_t>(stages.size())};
    stages.push_back(std::move(stage));
  }
  module.stages = std::move(stages);
  for (ir::Target& target : module.targets) {
    target.stage = moved[target.stage.index];
  }
  const std::size_t before = module.ops.size();
  remove_ops(module, reached);
  return module.ops.size() == before ? change : Change::Changed;
}

}  // namespace

std::unique_ptr<Pass> make_drop_unused() { return std::make_unique<DropUnused>(); }

}  // namespace strata::passes
