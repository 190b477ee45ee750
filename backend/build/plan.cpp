// Decides for every step whether a stored result stands; external interface is make_plan.
#include "backend/build/plan.h"

#include <algorithm>

#include "backend/oci/image.h"

namespace strata::backend {
namespace {

class Planner {
 public:
  explicit Planner(const PlanRequest& request)
      : request_(request),
        resolver_(request.module, request.records, request.store, request.cache, request.own) {}

  Result<Plan> run() {
    plan_.steps.resize(request_.module.ops.size());
    assumed_.resize(plan_.steps.size());
    outdated_.resize(plan_.steps.size());
    for (std::uint32_t i = 0; i < request_.module.ops.size(); ++i) {
      STRATA_TRY(find_result(ir::OpId{i}));
    }
    STRATA_TRY(find_images());
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
        if (manifest) {
          STRATA_ASSIGN(const bool stands, image_stands(target, *manifest));
          if (stands) {
            planned.image = manifest;
          }
        }
      }
      plan_.targets.push_back(std::move(planned));
    }
    return {};
  }

  Result<bool> image_stands(const ir::Target& target, const Descriptor& manifest) const {
    const auto image = oci::load_image(request_.store, manifest);
    if (!image || !*image) {
      return false;
    }
    const std::vector<Descriptor>& layers = (*image)->manifest.layers;
    for (const Descriptor& layer : layers) {
      STRATA_ASSIGN(const bool right, request_.store.verify_blob(layer.digest));
      if (!right || request_.store.blob_size(layer.digest) != layer.size) {
        return false;
      }
    }
    return is_of_newest_results(target, layers);
  }

  // An image that was made before one of its steps ran again (for another target, or in a build
  // that was stopped) is not what its steps give now.
  Result<bool> is_of_newest_results(const ir::Target& target,
                                    const std::vector<Descriptor>& layers) const {
    const ir::OpId root = request_.module.stage(target.stage).root;
    for (const ir::OpId id : ir::root_chain(request_.module, root)) {
      const auto& result = plan_.steps[id.index].result;
      if (outdated_[id.index]) {
        return false;
      }
      if (!result || result->tree == empty_tree_digest()) {
        continue;
      }
      STRATA_ASSIGN(const auto layer,
                    request_.store.layer(result->tree, request_.key_inputs.emission_profile));
      const bool used = std::any_of(layers.begin(), layers.end(), [&](const Descriptor& other) {
        return layer && other.digest == layer->blob;
      });
      if (layer && !used) {
        return false;
      }
    }
    return true;
  }

  Result<void> find_result(ir::OpId id) {
    PlannedStep& step = plan_.steps[id.index];
    if (!request_.records[id.index]) {
      step.status = StepStatus::Unknown;
      return {};
    }
    if (!makes_files(request_.module.op(id))) {
      step.status = StepStatus::Hit;
      return {};
    }
    step.status = StepStatus::Miss;
    const std::vector<ir::OpId> operands = ir::operands(request_.module.op(id));
    outdated_[id.index] = std::any_of(operands.begin(), operands.end(),
                                      [&](ir::OpId input) { return outdated_[input.index]; });
    if (!outdated_[id.index]) {
      const auto inputs =
          resolver_.inputs(id, [&](ir::OpId input) { return assumed_[input.index]; });
      STRATA_ASSIGN(const Resolver::Answer answer, resolver_.find(id, inputs));
      outdated_[id.index] = answer.outdated;
      step.result = answer.result;
    }
    if (step.result) {
      step.status = StepStatus::Hit;
      assume(id, operands);
    } else if (outdated_[id.index]) {
      step.reason = "an input has a newer result";
    }
    return {};
  }

  // A digest is bound to one result in a build: what a hit was made of holds for all that read it.
  void assume(ir::OpId id, const std::vector<ir::OpId>& operands) {
    const StepResult& result = *plan_.steps[id.index].result;
    assumed_[id.index] = result.tree;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (makes_files(request_.module.op(operands[i])) && !assumed_[operands[i].index]) {
        assumed_[operands[i].index] = result.inputs[i];
      }
    }
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
  Resolver resolver_;
  Plan plan_;
  // By OpId: the tree that a step's readers are made over.
  std::vector<std::optional<Digest>> assumed_;
  // By OpId: of this step, or of one that it is made of, an input has a newer result.
  std::vector<bool> outdated_;
};

}  // namespace

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

bool starts_processes(const ir::Module& module, const Plan& plan) {
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i) {
    const PlannedStep& step = plan.steps[i];
    if (step.needed && step.status == StepStatus::Miss &&
        std::holds_alternative<ir::Exec>(module.op(ir::OpId{i}).data)) {
      return true;
    }
  }
  return false;
}

bool Plan::same_work(const Plan& other) const {
  return std::equal(steps.begin(), steps.end(), other.steps.begin(), other.steps.end(),
                    [](const PlannedStep& a, const PlannedStep& b) {
                      return a.status == b.status && a.needed == b.needed && a.result == b.result;
                    }) &&
         std::equal(
             targets.begin(), targets.end(), other.targets.begin(), other.targets.end(),
             [](const PlannedTarget& a, const PlannedTarget& b) { return a.image == b.image; });
}

Result<Plan> make_plan(const PlanRequest& request) { return Planner(request).run(); }

}  // namespace strata::backend
