// One stage's instructions: dispatch, and the variables they see.
#include "frontend/dockerfile/stage_lowering.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kExpansionFailed{Kind::ExpansionFailed, "{}"};
constexpr DiagnosticDef<> kFromInside{Kind::UnsupportedInstruction,
                                      "`FROM` begins a stage, which is not possible here"};

}  // namespace

std::optional<std::string> expand_word(const Word& word, const ExpandOptions& options,
                                       const Lookup& lookup, Emitter& emitter) {
  auto result = expand(word.text, lookup, options);
  if (const auto* error = std::get_if<ExpandError>(&result)) {
    emitter.emit(word.part(error->begin, error->end), kExpansionFailed, error->message);
    return std::nullopt;
  }
  return std::get<std::string>(std::move(result));
}

const std::string* StageLowering::variable(std::string_view name) const {
  const std::string* value = variables_.find(name);
  // A base that is not known has some PATH.
  return value == nullptr && name == "PATH" ? &default_path() : value;
}

std::optional<std::string> StageLowering::expanded(const Word& word) const {
  return expand_word(
      word, {.escape = escape_, .budget = &context_->budget},
      [this](std::string_view name) { return variable(name); }, context_->emitter);
}

std::optional<std::string> StageLowering::expanded_argument(const Instruction& instruction,
                                                            const Word& word) const {
  ExpandOptions options{.escape = escape_, .budget = &context_->budget};
  if (instruction.form == Form::Exec) {
    options.quotes = ExpandOptions::Quotes::Keep;
  }
  return expand_word(
      word, options, [this](std::string_view name) { return variable(name); }, context_->emitter);
}

Result<void> StageLowering::lower(const Instruction& instruction) {
  switch (instruction.keyword) {
    case Keyword::Add:
    case Keyword::Copy:
      return lower_copy(instruction);
    case Keyword::Arg:
      lower_arg(instruction);
      break;
    case Keyword::Cmd:
      lower_cmd(instruction);
      break;
    case Keyword::Entrypoint:
      lower_entrypoint(instruction);
      break;
    case Keyword::Env:
      lower_env(instruction);
      break;
    case Keyword::Expose:
      lower_expose(instruction);
      break;
    case Keyword::Healthcheck:
      lower_healthcheck(instruction);
      break;
    case Keyword::Label:
      lower_label(instruction);
      break;
    case Keyword::Run:
      lower_run(instruction);
      break;
    case Keyword::Shell:
      lower_shell(instruction);
      break;
    case Keyword::Stopsignal:
      lower_stop_signal(instruction);
      break;
    case Keyword::User:
      lower_user(instruction);
      break;
    case Keyword::Volume:
      lower_volume(instruction);
      break;
    case Keyword::Workdir:
      lower_workdir(instruction);
      break;
    case Keyword::From:
      context_->emitter.emit(instruction.name.loc, kFromInside);
      break;
    case Keyword::Maintainer:
    case Keyword::Onbuild:
    case Keyword::Unknown:
      // Reported by check_syntax().
      break;
  }
  return {};
}

}  // namespace strata::frontend::dockerfile
