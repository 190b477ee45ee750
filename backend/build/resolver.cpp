// Of a step's stored results the newest that stands.
#include "backend/build/resolver.h"

#include <algorithm>

#include "ir/base/check.h"

namespace strata::backend {
namespace {

bool fits(const StepResult& result, const std::vector<std::optional<Digest>>& inputs) {
  return std::equal(result.inputs.begin(), result.inputs.end(), inputs.begin(), inputs.end(),
                    [](const Digest& used, const std::optional<Digest>& input) {
                      return !input || *input == used;
                    });
}

}  // namespace

bool makes_files(const ir::Op& op) {
  return std::holds_alternative<ir::Exec>(op.data) || std::holds_alternative<ir::Copy>(op.data) ||
         std::holds_alternative<ir::Mkdir>(op.data);
}

Resolver::Resolver(const ir::Module& module,
                   const std::vector<std::optional<ir::StepRecord>>& records, const Store& store,
                   CacheUse cache, const Own& own)
    : module_(&module), records_(&records), store_(&store), cache_(cache), own_(&own) {}

std::vector<std::optional<Digest>> Resolver::inputs(ir::OpId step, const TreeOf& tree_of) const {
  std::vector<std::optional<Digest>> found;
  for (const ir::OpId input : ir::operands(module_->op(step))) {
    const auto& record = (*records_)[input.index];
    if (makes_files(module_->op(input))) {
      found.push_back(tree_of(input));
    } else {
      found.push_back(record ? std::optional(record->digest) : std::nullopt);
    }
  }
  return found;
}

Result<Resolver::Answer> Resolver::find(ir::OpId step,
                                        const std::vector<std::optional<Digest>>& inputs) const {
  const auto& record = (*records_)[step.index];
  STRATA_CHECK(record.has_value(), "an unbound step has no results");
  Answer answer;
  if (cache_ == CacheUse::Ignore && own_->count(step) == 0) {
    return answer;
  }
  STRATA_ASSIGN(const std::vector<StepResult> results, store_->results(record->digest));
  answer.outdated = !results.empty();
  for (auto result = results.rbegin(); result != results.rend(); ++result) {
    if (!fits(*result, inputs)) {
      continue;
    }
    answer.outdated = false;
    STRATA_ASSIGN(const bool whole, is_whole(result->tree));
    if (whole) {
      answer.result = *result;
      break;
    }
  }
  return answer;
}

Result<bool> Resolver::is_whole(const Digest& tree) const {
  if (tree == empty_tree_digest()) {
    return true;
  }
  STRATA_ASSIGN(const bool readable, store_->has_tree(tree));
  if (!readable) {
    return false;
  }
  if (store_->root(tree)) {
    return true;
  }
  STRATA_ASSIGN(const auto layer, store_->any_layer(tree));
  return layer.has_value();
}

}  // namespace strata::backend
