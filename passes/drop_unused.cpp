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

// The last op of the stage's config chain that a target reaches; the bottom of its root chain if
// there is none.
ir::OpId reached_config(const ir::Module& module, const ir::Stage& stage,
                        const std::vector<bool>& reached) {
  const std::vector<ir::OpId> chain = ir::config_chain(module, stage.config);
  for (auto id = chain.rbegin(); id != chain.rend(); ++id) {
    if (reached[id->index]) {
      return *id;
    }
  }
  return ir::root_chain(module, stage.root).front();
}

Change DropUnused::run(ir::Module& module, PassContext& /*context*/) {
  const std::vector<bool> reached = reached_ops(module);
  Change change = Change::Unchanged;
  std::vector<ir::StageId> moved(module.stages.size());
  std::vector<ir::Stage> stages;
  for (std::size_t i = 0; i < module.stages.size(); ++i) {
    ir::Stage stage = module.stages[i];
    if (!reached[stage.root.index]) {
      change = Change::Changed;
      continue;
    }
    const ir::OpId config = reached_config(module, stage, reached);
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
