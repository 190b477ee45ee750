// The stages of a file and how they are named.
#include "frontend/dockerfile/stages.h"

#include <algorithm>

#include "ir/base/text.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kUnknownTarget{Kind::UnknownTarget, "no stage is called `{}`"};

}  // namespace

std::optional<std::size_t> stage_number(std::string_view text) {
  if (text.empty() || text.size() > 6 ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::size_t value = 0;
  for (const char c : text) {
    value = value * 10 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

Stages::Stages(const Ast& ast) {
  for (const Instruction& instruction : ast.instructions) {
    if (instruction.keyword == Keyword::From) {
      StageText stage;
      stage.index = stages_.size();
      stage.from = &instruction;
      if (instruction.args.size() == 3) {
        stage.name = ascii_lower(instruction.args[2].text);
        by_name_[stage.name].push_back(stage.index);
      }
      stages_.push_back(std::move(stage));
    } else if (!stages_.empty()) {
      stages_.back().body.push_back(&instruction);
    }
  }
}

std::optional<std::size_t> Stages::find(std::string_view name) const {
  if (const auto found = by_name_.find(ascii_lower(name)); found != by_name_.end()) {
    return found->second.back();
  }
  const auto number = stage_number(name);
  return number && *number < stages_.size() ? number : std::nullopt;
}

std::optional<std::size_t> Stages::base(std::string_view name, std::size_t index) const {
  const auto found = by_name_.find(std::string(name));
  if (found == by_name_.end()) {
    return std::nullopt;
  }
  const auto next = std::lower_bound(found->second.begin(), found->second.end(), index);
  return next == found->second.begin() ? std::nullopt : std::optional(*std::prev(next));
}

std::string Stages::unique_name(std::size_t index) const {
  const std::string& name = stages_[index].name;
  return name.empty() || find(name) != index ? std::to_string(index) : name;
}

std::optional<std::string> Stages::similar(std::string_view name) const {
  std::vector<std::string> names;
  for (const StageText& stage : stages_) {
    if (!stage.name.empty()) {
      names.push_back(stage.name);
    }
  }
  return nearest(name, names);
}

std::optional<std::size_t> Stages::target(const std::string& name, Emitter& emitter) const {
  if (name.empty()) {
    return stages_.size() - 1;
  }
  if (const auto found = find(name)) {
    return found;
  }
  auto pending = emitter.emit({}, kUnknownTarget, name);
  if (const auto best = similar(name)) {
    pending.note("did you mean `" + *best + "`?");
  } else {
    pending.note("the file has " + std::to_string(stages_.size()) + " stages");
  }
  return std::nullopt;
}

}  // namespace strata::frontend::dockerfile
