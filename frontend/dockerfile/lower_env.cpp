// ARG, ENV and LABEL.
#include <algorithm>

#include "frontend/dockerfile/stage_lowering.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string_view> kBlankName{Kind::BlankName, "name in `{}` is blank"};

}  // namespace

// Every word of the instruction sees the variables as they were before it.
std::optional<ir::Pairs> StageLowering::expanded_pairs(const Instruction& instruction) const {
  ir::Pairs result;
  bool complete = true;
  for (const Pair& pair : instruction.pairs) {
    auto key = expanded(pair.key);
    auto value = pair.value ? expanded(*pair.value) : std::string();
    if (!key || !value) {
      complete = false;
    } else if (key->empty()) {
      context_->emitter.emit(pair.key.loc, kBlankName, keyword_text(instruction.keyword));
      complete = false;
    } else {
      set_pair(result, *key, std::move(*value));
    }
  }
  return complete ? std::optional<ir::Pairs>(std::move(result)) : std::nullopt;
}

void StageLowering::lower_env(const Instruction& instruction) {
  auto pairs = expanded_pairs(instruction);
  if (!pairs) {
    return;
  }
  // The later of ARG and ENV wins.
  args_.erase(
      std::remove_if(args_.begin(), args_.end(),
                     [&](const auto& arg) { return find_pair(*pairs, arg.first).has_value(); }),
      args_.end());
  ir::Config change;
  change.env = std::move(*pairs);
  stage_.change(change, instruction.loc);
}

void StageLowering::lower_label(const Instruction& instruction) {
  auto pairs = expanded_pairs(instruction);
  if (!pairs) {
    return;
  }
  ir::Config change;
  change.labels = std::move(*pairs);
  stage_.change(change, instruction.loc);
}

// Left to right: a default sees the arguments before it, on the same line too. One that a build
// argument replaces is not looked at: `ARG V=${V:?say which}` asks for it.
void StageLowering::lower_arg(const Instruction& instruction) {
  for (const Pair& pair : instruction.pairs) {
    const std::string& name = pair.key.text;
    std::optional<std::string> value = surroundings_->build_arg(name);
    if (!value) {
      value = pair.value ? expanded(*pair.value) : surroundings_->global_arg(name);
    }
    if (value) {
      set_pair(args_, name, std::move(*value));
    }
  }
}

}  // namespace strata::frontend::dockerfile
