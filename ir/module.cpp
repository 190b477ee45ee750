// Questions about a module's chains and bindings; describe() is in describe.cpp.
#include "ir/module.h"

#include <algorithm>

#include "ir/base/check.h"

namespace strata::ir {

bool is_bound(const Op& op) {
  if (const auto* image = std::get_if<Image>(&op.data)) {
    return image->manifest.has_value();
  }
  if (const auto* local = std::get_if<Local>(&op.data)) {
    return local->tree.has_value();
  }
  return true;
}

bool is_bound(const Module& module) {
  return std::all_of(module.ops.begin(), module.ops.end(),
                     [](const Op& op) { return is_bound(op); });
}

std::int64_t stage_epoch(const Module& module, OpId root) {
  while (root_operand(module.op(root)).valid()) {
    root = root_operand(module.op(root));
  }
  const OpData& bottom = module.op(root).data;
  if (const auto* image = std::get_if<Image>(&bottom)) {
    return image->epoch;
  }
  const auto* scratch = std::get_if<Scratch>(&bottom);
  STRATA_CHECK(scratch != nullptr, "a root chain that ends in neither image nor scratch");
  return scratch->epoch;
}

std::vector<OpId> root_chain(const Module& module, OpId root) {
  std::vector<OpId> chain;
  for (OpId id = root; id.valid(); id = root_operand(module.op(id))) {
    chain.push_back(id);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::vector<OpId> config_chain(const Module& module, OpId config) {
  std::vector<OpId> chain;
  OpId id = config;
  while (id.valid()) {
    chain.push_back(id);
    const auto* change = std::get_if<Config>(&module.op(id).data);
    id = change == nullptr ? OpId{} : change->base;
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

}  // namespace strata::ir
