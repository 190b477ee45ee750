// Plans as people and programs read them.
#include "driver/plan_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace strata::driver {
namespace {

using Json = nlohmann::ordered_json;

Json location_json(const SourceMap& sources, Loc loc) {
  const SourceFile& file = sources.file(loc.file);
  const LineColumn at = file.line_column(loc.begin);
  return {{"file", file.name()}, {"line", at.line}, {"column", at.column}};
}

std::string platform_of(const ir::Module& module, ir::OpId id) {
  for (const ir::Target& target : module.targets) {
    const auto chain = ir::root_chain(module, module.stage(target.stage).root);
    if (std::find(chain.begin(), chain.end(), id) != chain.end()) {
      return target.platform;
    }
  }
  return module.targets.empty() ? "" : module.targets.front().platform;
}

Json step_json(const Compilation& compilation, ir::OpId id) {
  const ir::Module& module = compilation.module;
  const ir::Op& op = module.op(id);
  const backend::PlannedStep& step = compilation.plan.steps[id.index];
  const auto& record = compilation.records[id.index];
  Json json = {{"index", id.index},
               {"stage", stage_of(module, id)},
               {"platform", platform_of(module, id)},
               {"digest", record ? Json(record->digest.str()) : Json()},
               {"op", op.name()},
               {"instruction", ir::describe(module, id, ir::DescribeFor::Plan)}};
  json["location"] = op.loc.valid() ? location_json(compilation.sources, op.loc) : Json();
  if (!op.also.empty()) {
    Json also = Json::array();
    for (const Loc loc : op.also) {
      also.push_back(location_json(compilation.sources, loc));
    }
    json["also"] = std::move(also);
  }
  json["status"] = backend::status_name(step.status);
  json["reason"] = step.reason;
  return json;
}

// The steps of a target's image: both chains of its stage, and what they read.
std::vector<std::uint32_t> reached(const ir::Module& module, const ir::Target& target) {
  std::vector<bool> seen(module.ops.size(), false);
  std::vector<ir::OpId> open = {module.stage(target.stage).root, module.stage(target.stage).config};
  while (!open.empty()) {
    const ir::OpId id = open.back();
    open.pop_back();
    if (!seen[id.index]) {
      seen[id.index] = true;
      const auto operands = ir::operands(module.op(id));
      open.insert(open.end(), operands.begin(), operands.end());
    }
  }
  std::vector<std::uint32_t> ids;
  for (std::uint32_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) {
      ids.push_back(i);
    }
  }
  return ids;
}

std::string dump(const Json& json) {
  // Instructions may hold bytes that are not UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_line(const Compilation& compilation, ir::OpId id) {
  const ir::Op& op = compilation.module.op(id);
  const backend::PlannedStep& step = compilation.plan.steps[id.index];
  const auto& record = compilation.records[id.index];
  std::string instruction = ir::describe(compilation.module, id, ir::DescribeFor::Plan);
  if (instruction.size() > 72) {
    instruction = instruction.substr(0, 69) + "...";
  }
  const std::string reason =
      !backend::makes_files(op) || step.reason == "cached" ? "" : "  (" + step.reason + ")";
  return fmt::format("  {:<7}  {:<12}  {:<14}  {}{}\n", backend::status_name(step.status),
                     record ? record->digest.short_hex() : "-", stage_of(compilation.module, id),
                     instruction, reason);
}

}  // namespace

std::string stage_of(const ir::Module& module, ir::OpId id) {
  for (const ir::Stage& stage : module.stages) {
    for (const auto& chain :
         {ir::root_chain(module, stage.root), ir::config_chain(module, stage.config)}) {
      if (std::find(chain.begin(), chain.end(), id) != chain.end()) {
        return stage.name;
      }
    }
  }
  // A source: the stage of the step that reads it.
  for (std::uint32_t i = 0; i < module.ops.size(); ++i) {
    const auto operands = ir::operands(module.ops[i]);
    if (std::find(operands.begin(), operands.end(), id) != operands.end()) {
      return stage_of(module, ir::OpId{i});
    }
  }
  return "";
}

std::vector<ir::OpId> planned_ops(const Compilation& compilation) {
  std::vector<ir::OpId> ids;
  for (std::uint32_t i = 0; i < compilation.module.ops.size(); ++i) {
    ids.push_back(ir::OpId{i});
  }
  return ids;
}

std::string plan_json(const Compilation& compilation) {
  Json images = Json::array();
  for (std::size_t i = 0; i < compilation.module.targets.size(); ++i) {
    const ir::Target& target = compilation.module.targets[i];
    const auto& key = compilation.plan.targets[i].key;
    images.push_back({{"target", target.name},
                      {"platform", target.platform},
                      {"imageKey", key ? Json(key->digest.str()) : Json()},
                      {"steps", reached(compilation.module, target)}});
  }
  Json steps = Json::array();
  for (const ir::OpId id : planned_ops(compilation)) {
    steps.push_back(step_json(compilation, id));
  }
  return dump({{"version", 1}, {"images", images}, {"steps", steps}});
}

std::string steps_json(const Compilation& compilation,
                       const std::function<StepExtra(ir::OpId)>& extra) {
  Json steps = Json::array();
  for (const ir::OpId id : planned_ops(compilation)) {
    Json step = step_json(compilation, id);
    const StepExtra more = extra(id);
    step["status"] = more.status;
    if (more.bytes) {
      step["bytes"] = *more.bytes;
    }
    if (more.seconds) {
      step["seconds"] = *more.seconds;
    }
    steps.push_back(std::move(step));
  }
  return dump(steps);
}

std::string plan_text(const Compilation& compilation) {
  std::string text =
      fmt::format("  {:<7}  {:<12}  {:<14}  {}\n", "STATUS", "DIGEST", "STAGE", "INSTRUCTION");
  std::map<std::string_view, int> counts;
  for (const ir::OpId id : planned_ops(compilation)) {
    if (std::holds_alternative<ir::Config>(compilation.module.op(id).data)) {
      continue;
    }
    text += text_line(compilation, id);
    if (backend::makes_files(compilation.module.op(id))) {
      ++counts[backend::status_name(compilation.plan.steps[id.index].status)];
    }
  }
  for (std::size_t i = 0; i < compilation.module.targets.size(); ++i) {
    const auto& target = compilation.module.targets[i];
    const auto& planned = compilation.plan.targets[i];
    text += fmt::format("image {} ({}): key {}{}\n", target.name, target.platform,
                        planned.key ? planned.key->digest.str() : "unknown",
                        planned.image ? ", in the store" : "");
  }
  text += fmt::format("plan: {} cached, {} to run, {} unknown\n", counts["hit"], counts["miss"],
                      counts["unknown"]);
  return text;
}

}  // namespace strata::driver
