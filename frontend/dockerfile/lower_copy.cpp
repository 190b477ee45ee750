// COPY and ADD.
#include <algorithm>
#include <array>

#include "frontend/dockerfile/expand.h"
#include "frontend/dockerfile/stage_lowering.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kExpansionFailed{Kind::ExpansionFailed, "{}"};
constexpr DiagnosticDef<std::string> kBadOwner{Kind::BadOwner,
                                               "owner `{}` is not of the form `user[:group]`"};
constexpr DiagnosticDef<std::string> kBadMode{Kind::BadMode,
                                              "mode `{}` is not an octal number of at most 7777"};
constexpr DiagnosticDef<std::string> kSymbolicMode{
    Kind::UnsupportedFlag, "symbolic mode `{}` of `--chmod` is not supported yet"};
constexpr DiagnosticDef<std::string> kUrlOfAdd{Kind::UnsupportedSource,
                                               "remote source `{}` is not supported yet"};
constexpr DiagnosticDef<std::string> kUrlOfCopy{Kind::UnsupportedSource,
                                                "`COPY` cannot fetch `{}`"};

bool is_remote(std::string_view source) {
  constexpr std::array<std::string_view, 5> kPrefixes = {"http://", "https://", "git://", "ssh://",
                                                         "git@"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return source.starts_with(prefix); });
}

bool is_octal_mode(std::string_view text) {
  if (text.empty() || text.find_first_not_of("01234567") != std::string_view::npos) {
    return false;
  }
  const std::size_t digits = text.find_first_not_of('0');
  return digits == std::string_view::npos || text.size() - digits <= 4;
}

bool is_symbolic_mode(std::string_view text) {
  return text.find_first_of("+-=") != std::string_view::npos &&
         text.find_first_not_of("ugoarwxXst+-=,") == std::string_view::npos;
}

}  // namespace

// Quotes are text in a heredoc, and its escape is always the backslash.
std::optional<std::string> StageLowering::heredoc_content(const Heredoc& heredoc) const {
  std::string content = heredoc.content();
  if (heredoc.expansion == Heredoc::Expansion::Off) {
    return content;
  }
  const Lookup lookup = [this](std::string_view name) { return variable(name); };
  auto result =
      expand(content, lookup,
             {.escape = '\\', .quotes = ExpandOptions::Quotes::Keep, .budget = &context_->budget});
  if (const auto* error = std::get_if<ExpandError>(&result)) {
    const Word body{.text = std::move(content), .loc = heredoc.body_loc, .heredoc = {}};
    context_->emitter.emit(body.part(error->begin, error->end), kExpansionFailed, error->message);
    return std::nullopt;
  }
  return std::get<std::string>(std::move(result));
}

std::optional<std::string> StageLowering::owner_of(const Instruction& instruction) const {
  const Flag* flag = instruction.flag("chown");
  if (flag == nullptr || !flag->value) {
    return std::string();
  }
  auto owner = expanded(*flag->value);
  if (!owner || owner->empty()) {
    return owner;
  }
  if (owner->front() == ':' || std::count(owner->begin(), owner->end(), ':') > 1) {
    context_->emitter.emit(flag->value->loc, kBadOwner, *owner);
    return std::nullopt;
  }
  return owner;
}

std::optional<std::string> StageLowering::mode_of(const Instruction& instruction) const {
  const Flag* flag = instruction.flag("chmod");
  if (flag == nullptr || !flag->value) {
    return std::string();
  }
  auto mode = expanded(*flag->value);
  if (!mode || mode->empty() || is_octal_mode(*mode)) {
    return mode;
  }
  if (is_symbolic_mode(*mode)) {
    context_->emitter.emit(flag->value->loc, kSymbolicMode, *mode);
  } else {
    context_->emitter.emit(flag->value->loc, kBadMode, *mode);
  }
  return std::nullopt;
}

std::optional<StageBuilder::Source> StageLowering::source_of(const Instruction& instruction,
                                                             const Word& word) const {
  StageBuilder::Source source;
  source.loc = word.loc;
  if (word.heredoc) {
    const Heredoc& heredoc = instruction.heredocs[*word.heredoc];
    auto content = heredoc_content(heredoc);
    if (!content) {
      return std::nullopt;
    }
    source.from = StageBuilder::Source::From::Inline;
    source.path = heredoc.name;
    source.content = std::move(*content);
    return source;
  }
  auto path = expanded_argument(instruction, word);
  if (!path) {
    return std::nullopt;
  }
  if (is_remote(*path) && instruction.flag("from") == nullptr) {
    if (instruction.keyword == Keyword::Add) {
      context_->emitter.emit(word.loc, kUrlOfAdd, *path);
    } else {
      context_->emitter.emit(word.loc, kUrlOfCopy, *path)
          .note("`ADD` takes URLs, `COPY` takes files of the build context");
    }
    return std::nullopt;
  }
  source.path = std::move(*path);
  return source;
}

Result<void> StageLowering::lower_copy(const Instruction& instruction) {
  StageBuilder::CopyArgs copy;
  auto owner = owner_of(instruction);
  auto mode = mode_of(instruction);
  bool complete = owner && mode;
  std::optional<CopyOrigin> origin;
  const Flag* from = instruction.flag("from");
  if (from != nullptr && from->value) {
    STRATA_ASSIGN(origin, surroundings_->origin_of(*from->value));
    complete = complete && origin;
  }
  if (instruction.args.size() < 2) {
    return {};
  }
  for (std::size_t i = 0; i + 1 < instruction.args.size(); ++i) {
    auto source = source_of(instruction, instruction.args[i]);
    if (!source) {
      complete = false;
      continue;
    }
    if (source->from == StageBuilder::Source::From::Local && origin && origin->context.empty()) {
      source->from = StageBuilder::Source::From::Root;
      source->root = origin->root;
    } else if (source->from == StageBuilder::Source::From::Local && origin) {
      STRATA_ASSIGN(auto ignore, context_->contexts.ignore(origin->context));
      complete = complete && ignore;
      source->context = origin->context;
      source->ignore = ignore.value_or(ir::SharedStrings());
    } else if (source->from == StageBuilder::Source::From::Local && from == nullptr) {
      STRATA_ASSIGN(auto ignore, surroundings_->ignore());
      complete = complete && ignore;
      source->ignore = ignore.value_or(ir::SharedStrings());
      if (instruction.keyword == Keyword::Add) {
        copy.archives = StageBuilder::CopyArgs::Archives::Unpack;
      }
    }
    copy.sources.push_back(std::move(*source));
  }
  auto dest = expanded_argument(instruction, instruction.args.back());
  if (!complete || !dest) {
    return {};
  }
  copy.dest = std::move(*dest);
  copy.owner = std::move(*owner);
  copy.mode = std::move(*mode);
  return stage_.copy(copy, instruction.loc);
}

}  // namespace strata::frontend::dockerfile
