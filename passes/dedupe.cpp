// dedupe: makes steps that mean the same one, across stages and targets. The first one stays and
// takes the others' locations into `also`.
//
//   %0 = image platform="linux/amd64" ref="…"        %0 = image platform="linux/amd64" ref="…"
//   %1 = mkdir path="/a" root=%0                     %1 = mkdir path="/a" root=%0
//   %2 = image platform="linux/amd64" ref="…"   =>
//   %3 = mkdir path="/a" root=%2
//
// Prerequisite: normalize, without which equal meaning has several spellings. Preserves: the order
// of what stays, digests, image keys.
#include <map>

#include "ir/printer.h"
#include "ir/record.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace strata::passes {
namespace {

class Dedupe final : public Pass {
 public:
  Change run(ir::Module& module, PassContext& context) override;
};

// What a record leaves out and two ops must still share to be one:
//   the name of an image, which reaches the manifest of every target on top of it;
//   where the files of an unbound `local` come from, its only content so far.
std::string beyond_the_record(const ir::Op& op) {
  if (const auto* image = std::get_if<ir::Image>(&op.data)) {
    return image->ref;
  }
  if (std::holds_alternative<ir::Local>(op.data) && !ir::is_bound(op)) {
    ir::Module alone;
    alone.ops.push_back(op);
    return ir::print(alone);
  }
  return {};
}

Change Dedupe::run(ir::Module& module, PassContext& /*context*/) {
  std::vector<ir::OpId> replacement(module.ops.size());
  std::vector<bool> keep(module.ops.size());
  // The identity of an op: like its step digest, but there for unbound modules too.
  std::vector<Digest> identity(module.ops.size());
  std::map<Digest, ir::OpId> first;
  Change change = Change::Unchanged;
  for (std::size_t i = 0; i < module.ops.size(); ++i) {
    ir::Op& op = module.ops[i];
    const std::string record =
        ir::write_record(op, [&](ir::OpId id) { return identity[id.index]; });
    // A record holds no raw line break, so the two parts cannot run into each other.
    identity[i] = Digest::of(record + "\n" + beyond_the_record(op));
    const ir::OpId self{static_cast<std::uint32_t>(i)};
    const auto [found, is_first] = first.try_emplace(identity[i], self);
    keep[i] = is_first;
    replacement[i] = found->second;
    if (!is_first) {
      std::vector<Loc>& also = module.op(found->second).also;
      also.push_back(op.loc);
      also.insert(also.end(), op.also.begin(), op.also.end());
      change = Change::Changed;
    }
  }
  replace_uses(module, replacement);
  remove_ops(module, keep);
  return change;
}

}  // namespace

std::unique_ptr<Pass> make_dedupe() { return std::make_unique<Dedupe>(); }

}  // namespace strata::passes
