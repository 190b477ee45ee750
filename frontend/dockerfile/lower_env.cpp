// ARG, ENV and LABEL.
#include "frontend/dockerfile/stage_lowering.h"
#include "ir/pairs.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string_view> kBlankName{Kind::BlankName, "name in `{}` is blank"};

}  // namespace

// Every word of the instruction sees the variables as they were before it.
std::optional<ir::Pairs> StageLowering::expanded_pairs(const Instruction& instruction) const {
  ir::Pairs result;
  ir::PairSetter setter(result);
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
      setter.set(*key, std::move(*value));
    }
  }
  return complete ? std::optional<ir::Pairs>(std::move(result)) : std::nullopt;
}

void StageLowering::lower_env(const Instruction& instruction) {
  auto pairs = expanded_pairs(instruction);
  if (!pairs) {
    return;
  }
  for (const auto& [name, value] : *pairs) {
    variables_.set(name, value);
  }
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
    const std::string* known = surroundings_->build_arg(name);
    if (known == nullptr && !pair.value) {
      known = surroundings_->global_arg(name);
    }
    std::optional<std::string> value;
    if (known != nullptr) {
      value = *known;
    } else if (pair.value) {
      value = expanded(*pair.value);
    }
    if (value) {
      variables_.set(name, std::move(*value));
    }
  }
}

}  // namespace strata::frontend::dockerfile
