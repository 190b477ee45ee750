// The two edits of a module that passes share: redirecting uses and removing ops.
#include "passes/rewrite.h"

#include "ir/base/check.h"

namespace strata::passes {
namespace {

template <typename Map>
void map_ids(ir::Module& module, Map&& map) {
  for (ir::Op& op : module.ops) {
    ir::map_operands(op, map);
  }
  for (ir::Stage& stage : module.stages) {
    stage.root = map(stage.root);
    stage.config = map(stage.config);
  }
}

}  // namespace

void replace_uses(ir::Module& module, const std::vector<ir::OpId>& replacement) {
  map_ids(module, [&](ir::OpId id) { return replacement[id.index]; });
}

void remove_ops(ir::Module& module, const std::vector<bool>& keep) {
  std::vector<ir::OpId> moved(module.ops.size());
  std::vector<ir::Op> kept;
  for (std::size_t i = 0; i < module.ops.size(); ++i) {
    if (keep[i]) {
      moved[i] = ir::OpId{static_cast<std::uint32_t>(kept.size())};
      kept.push_back(std::move(module.ops[i]));
    }
  }
  module.ops = std::move(kept);
  map_ids(module, [&](ir::OpId id) {
    STRATA_CHECK(moved[id.index].valid(), "a kept op uses a removed one");
    return moved[id.index];
  });
}

}  // namespace strata::passes
