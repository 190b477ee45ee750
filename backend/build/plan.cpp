// Decides for every step whether a stored result stands; external interface is make_plan.
#include "backend/build/plan.h"

#include <algorithm>

#include "backend/oci/image.h"

namespace strata::backend {
namespace {

class Planner {
 public:
  explicit Planner(const PlanRequest& request) : request_(request) {}

  Result<Plan> run() {
    plan_.steps.resize(request_.module.ops.size());
    STRATA_TRY(find_images());
    for (std::uint32_t i = 0; i < request_.module.ops.size(); ++i) {
      STRATA_TRY(find_result(ir::OpId{i}));
    }
    while (mark_needed()) {
    }
    explain();
    return std::move(plan_);
  }

 private:
  // Images that are in the store whole, by key: nothing of their targets is needed.
  Result<void> find_images() {
    for (const ir::Target& target : request_.module.targets) {
      PlannedTarget planned;
      planned.key = ir::image_key(request_.module, target, request_.records, request_.key_inputs);
      if (planned.key && request_.cache == CacheUse::Use) {
        STRATA_ASSIGN(const auto manifest, request_.store.image(planned.key->digest));
        if (manifest && is_whole(*manifest)) {
          planned.image = manifest;
        }
      }
      plan_.targets.push_back(std::move(planned));
    }
    return {};
  }

  bool is_whole(const Descriptor& manifest) const {
    const auto image = oci::load_image(request_.store, manifest);
    if (!image || !*image) {
      return false;
    }
    return std::all_of((*image)->manifest.layers.begin(), (*image)->manifest.layers.end(),
                       [&](const Descriptor& layer) {
                         return request_.store.blob_size(layer.digest) == layer.size;
                       });
  }

  // The tree that an operand is bound to, as results name their inputs; nullopt when it has to be
  // made.
  std::optional<Digest> bound(ir::OpId id) const {
    const ir::Op& op = request_.module.op(id);
    if (makes_files(op)) {
      const auto& result = plan_.steps[id.index].result;
      return result ? std::optional(result->tree) : std::nullopt;
    }
    const auto& record = request_.records[id.index];
    return record ? std::optional(record->digest) : std::nullopt;
  }

  bool content_is_there(const Digest& tree) const {
    if (tree == empty_tree_digest() || request_.store.root(tree)) {
      return true;
    }
    const auto layer = request_.store.any_layer(tree);
    return layer && layer->has_value();
  }

  Result<void> find_result(ir::OpId id) {
    PlannedStep& step = plan_.steps[id.index];
    const ir::Op& op = request_.module.op(id);
    const auto& record = request_.records[id.index];
    if (!record) {
      step.status = StepStatus::Unknown;
      return {};
    }
    if (!makes_files(op)) {
      step.status = StepStatus::Hit;
      return {};
    }
    step.status = StepStatus::Miss;
    if (request_.cache == CacheUse::Ignore) {
      return {};
    }
    STRATA_ASSIGN(const std::vector<StepResult> results, request_.store.results(record->digest));
    const std::vector<ir::OpId> inputs = ir::operands(op);
    for (const StepResult& result : results) {
      if (stands(result, inputs)) {
        step.status = StepStatus::Hit;
        step.result = result;
        break;
      }
    }
    return {};
  }

  // A result stands over the same inputs, with its content at hand.
  bool stands(const StepResult& result, const std::vector<ir::OpId>& inputs) const {
    if (result.inputs.size() != inputs.size()) {
      return false;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const std::optional<Digest> input = bound(inputs[i]);
      if (input && *input != result.inputs[i]) {
        return false;
      }
    }
    return content_is_there(result.tree);
  }

  // No recursion: a chain may be as long as a file.
  void need(ir::OpId first) {
    std::vector<ir::OpId> open = {first};
    while (!open.empty()) {
      const ir::OpId id = open.back();
      open.pop_back();
      PlannedStep& step = plan_.steps[id.index];
      if (step.needed) {
        continue;
      }
      step.needed = true;
      const ir::Op& op = request_.module.op(id);
      if (step.status != StepStatus::Hit || !makes_files(op)) {
        const std::vector<ir::OpId> inputs = ir::operands(op);
        open.insert(open.end(), inputs.begin(), inputs.end());
      } else {
        // An image is all the layers of its chain, so a hit still needs those below it.
        open.push_back(ir::root_operand(op));
      }
    }
  }

  // One round from the targets down. True when a hit had to be taken back because an input of it
  // runs.
  bool mark_needed() {
    for (PlannedStep& step : plan_.steps) {
      step.needed = false;
    }
    for (std::size_t i = 0; i < request_.module.targets.size(); ++i) {
      if (!plan_.targets[i].image) {
        const ir::Stage& stage = request_.module.stage(request_.module.targets[i].stage);
        need(stage.root);
        need(stage.config);
      }
    }
    bool changed = false;
    for (std::uint32_t i = 0; i < plan_.steps.size(); ++i) {
      PlannedStep& step = plan_.steps[i];
      if (step.needed && step.result && input_runs(ir::OpId{i})) {
        step.status = StepStatus::Miss;
        step.result.reset();
        step.reason = "an input runs again";
        changed = true;
      }
    }
    return changed;
  }

  bool input_runs(ir::OpId id) const {
    const std::vector<ir::OpId> inputs = ir::operands(request_.module.op(id));
    return std::any_of(inputs.begin(), inputs.end(), [&](ir::OpId input) {
      const PlannedStep& step = plan_.steps[input.index];
      return step.needed && step.status != StepStatus::Hit;
    });
  }

  void explain() {
    for (std::uint32_t i = 0; i < plan_.steps.size(); ++i) {
      PlannedStep& step = plan_.steps[i];
      const bool files = makes_files(request_.module.op(ir::OpId{i}));
      if (step.status == StepStatus::Unknown) {
        step.reason = "a base image is not resolved";
      } else if (!step.needed) {
        // Nothing asks for it: it will not run, whatever the store holds.
        step.status = StepStatus::Hit;
        step.reason = step.result || !files ? "cached" : "not needed";
      } else if (step.status == StepStatus::Hit) {
        step.reason = files ? "cached" : "source";
      } else if (step.reason.empty()) {
        step.reason =
            request_.cache == CacheUse::Ignore ? "--no-cache" : "no stored result of this digest";
      }
    }
  }

  const PlanRequest& request_;
  Plan plan_;
};

}  // namespace

bool makes_files(const ir::Op& op) {
  return std::holds_alternative<ir::Exec>(op.data) || std::holds_alternative<ir::Copy>(op.data) ||
         std::holds_alternative<ir::Mkdir>(op.data);
}

std::string_view status_name(StepStatus status) {
  switch (status) {
    case StepStatus::Hit:
      return "hit";
    case StepStatus::Miss:
      return "miss";
    case StepStatus::Unknown:
      return "unknown";
  }
  return "unknown";
}

bool Plan::all_hit() const {
  return std::all_of(steps.begin(), steps.end(),
                     [](const PlannedStep& step) { return step.status == StepStatus::Hit; });
}

Result<Plan> make_plan(const PlanRequest& request) { return Planner(request).run(); }

}  // namespace strata::backend
