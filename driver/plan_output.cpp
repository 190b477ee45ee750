// Plans as people and programs read them.
#include "driver/plan_output.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "ir/base/text.h"

namespace strata::driver {
namespace {

using Json = nlohmann::ordered_json;

Json location_json(const SourceMap& sources, Loc loc) {
  const SourceFile& file = sources.file(loc.file);
  const LineColumn at = file.line_column(loc.begin);
  return {{"file", file.name()}, {"line", at.line}, {"column", at.column}};
}

// Whose each op is, when the chains of several owners share what is at the bottom.
class Owners {
 public:
  explicit Owners(const ir::Module& module) : module_(module), names_(module.ops.size(), nullptr) {}

  // Gives `name`, which must outlive this, to what has no name yet of the chain that `end` ends.
  void claim(ir::OpId end, const std::string& name) {
    // All below an op that has a name has one too.
    for (ir::OpId id = end; id.valid() && names_[id.index] == nullptr; id = below(id)) {
      names_[id.index] = &name;
    }
  }

  // By op index.
  [[nodiscard]] const std::vector<const std::string*>& names() const { return names_; }

 private:
  [[nodiscard]] ir::OpId below(ir::OpId id) const {
    const ir::Op& op = module_.op(id);
    const auto* change = std::get_if<ir::Config>(&op.data);
    return change != nullptr ? change->base : ir::root_operand(op);
  }

  const ir::Module& module_;
  std::vector<const std::string*> names_;
};

// The platform of the first target whose files an op makes, the first target's for other ops.
std::vector<std::string> platforms(const ir::Module& module) {
  Owners owners(module);
  for (const ir::Target& target : module.targets) {
    owners.claim(module.stage(target.stage).root, target.platform);
  }
  const std::string other = module.targets.empty() ? "" : module.targets.front().platform;
  std::vector<std::string> platforms;
  platforms.reserve(module.ops.size());
  for (const std::string* name : owners.names()) {
    platforms.push_back(name == nullptr ? other : *name);
  }
  return platforms;
}

// At most 72 bytes, whole characters.
std::string shortened(std::string text) {
  constexpr std::size_t kMost = 72;
  if (text.size() <= kMost) {
    return text;
  }
  std::size_t end = kMost - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end) + "...";
}

// A compilation's steps, one at a time.
class Steps {
 public:
  explicit Steps(const Compilation& compilation)
      : compilation_(compilation),
        stages_(stage_names(compilation.module)),
        platforms_(platforms(compilation.module)) {}

  [[nodiscard]] Json json(ir::OpId id) const {
    const ir::Op& op = compilation_.module.op(id);
    const backend::PlannedStep& step = compilation_.plan.steps[id.index];
    const auto& record = compilation_.records[id.index];
    Json json = {{"index", id.index},
                 {"stage", stages_[id.index]},
                 {"platform", platforms_[id.index]},
                 {"digest", record ? Json(record->digest.str()) : Json()},
                 {"op", op.name()},
                 {"instruction", ir::describe(compilation_.module, id, ir::DescribeFor::Plan)}};
    json["location"] = op.loc.valid() ? location_json(compilation_.sources, op.loc) : Json();
    if (!op.also.empty()) {
      Json also = Json::array();
      for (const Loc loc : op.also) {
        also.push_back(location_json(compilation_.sources, loc));
      }
      json["also"] = std::move(also);
    }
    json["status"] = backend::status_name(step.status);
    json["reason"] = step.reason;
    return json;
  }

  [[nodiscard]] std::string line(ir::OpId id) const {
    const ir::Op& op = compilation_.module.op(id);
    const backend::PlannedStep& step = compilation_.plan.steps[id.index];
    const auto& record = compilation_.records[id.index];
    const std::string instruction =
        shortened(printable(ir::describe(compilation_.module, id, ir::DescribeFor::Plan)));
    const std::string reason =
        !backend::makes_files(op) || step.reason == "cached" ? "" : "  (" + step.reason + ")";
    return fmt::format("  {:<7}  {:<12}  {:<14}  {}{}\n", backend::status_name(step.status),
                       record ? record->digest.short_hex() : "-", printable(stages_[id.index]),
                       instruction, printable(reason));
  }

 private:
  const Compilation& compilation_;
  std::vector<std::string> stages_;
  std::vector<std::string> platforms_;
};

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

}  // namespace

std::vector<std::string> stage_names(const ir::Module& module) {
  Owners owners(module);
  for (const ir::Stage& stage : module.stages) {
    owners.claim(stage.root, stage.name);
    owners.claim(stage.config, stage.name);
  }
  // A source is of the stage of the step that reads it first, whose turn comes last here.
  std::vector<const std::string*> names = owners.names();
  for (std::size_t i = names.size(); i > 0; --i) {
    for (const ir::OpId operand : ir::operands(module.ops[i - 1])) {
      if (owners.names()[operand.index] == nullptr) {
        names[operand.index] = names[i - 1];
      }
    }
  }
  std::vector<std::string> result;
  result.reserve(names.size());
  for (const std::string* name : names) {
    result.push_back(name == nullptr ? "" : *name);
  }
  return result;
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
  const Steps steps(compilation);
  Json list = Json::array();
  for (const ir::OpId id : planned_ops(compilation)) {
    list.push_back(steps.json(id));
  }
  return dump({{"version", 1}, {"images", images}, {"steps", list}});
}

std::string steps_json(const Compilation& compilation,
                       const std::function<StepExtra(ir::OpId)>& extra) {
  const Steps steps(compilation);
  Json list = Json::array();
  for (const ir::OpId id : planned_ops(compilation)) {
    Json step = steps.json(id);
    const StepExtra more = extra(id);
    step["status"] = more.status;
    if (more.bytes) {
      step["bytes"] = *more.bytes;
    }
    if (more.seconds) {
      step["seconds"] = *more.seconds;
    }
    list.push_back(std::move(step));
  }
  return dump(list);
}

std::string plan_text(const Compilation& compilation) {
  std::string text =
      fmt::format("  {:<7}  {:<12}  {:<14}  {}\n", "STATUS", "DIGEST", "STAGE", "INSTRUCTION");
  const Steps steps(compilation);
  std::map<std::string_view, int> counts;
  for (const ir::OpId id : planned_ops(compilation)) {
    if (std::holds_alternative<ir::Config>(compilation.module.op(id).data)) {
      continue;
    }
    text += steps.line(id);
    if (backend::makes_files(compilation.module.op(id))) {
      ++counts[backend::status_name(compilation.plan.steps[id.index].status)];
    }
  }
  for (std::size_t i = 0; i < compilation.module.targets.size(); ++i) {
    const auto& target = compilation.module.targets[i];
    const auto& planned = compilation.plan.targets[i];
    text += fmt::format("image {} ({}): key {}{}\n", printable(target.name), target.platform,
                        planned.key ? planned.key->digest.str() : "unknown",
                        planned.image ? ", in the store" : "");
  }
  text += fmt::format("plan: {} cached, {} to run, {} unknown\n", counts["hit"], counts["miss"],
                      counts["unknown"]);
  return text;
}

}  // namespace strata::driver
