// Checks of the syntax tree that need no values.
#include "frontend/dockerfile/check_syntax.h"

#include <algorithm>
#include <map>

#include "ir/base/text.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kUnknownInstruction{Kind::UnknownInstruction,
                                                         "unknown instruction `{}`"};
constexpr DiagnosticDef<std::string_view> kUnsupportedInstruction{
    Kind::UnsupportedInstruction, "instruction `{}` is not supported yet"};
constexpr DiagnosticDef<std::string, std::string_view> kUnknownFlag{Kind::UnknownFlag,
                                                                    "`{}` is not a flag of `{}`"};
constexpr DiagnosticDef<std::string, std::string_view> kUnsupportedFlag{
    Kind::UnsupportedFlag, "flag `--{}` of `{}` is not supported yet"};
constexpr DiagnosticDef<std::string> kDuplicateFlag{Kind::DuplicateFlag,
                                                    "flag `--{}` is given twice"};
constexpr DiagnosticDef<std::string> kFlagValue{Kind::MissingFlagValue, "flag `--{}` has no value"};
constexpr DiagnosticDef<std::string_view, std::string_view> kMissingArguments{
    Kind::MissingArguments, "`{}` needs {}"};
constexpr DiagnosticDef<std::string_view, std::string_view> kTooManyArguments{
    Kind::TooManyArguments, "`{}` takes {}"};
constexpr DiagnosticDef<> kExpectedAs{Kind::MalformedFrom,
                                      "`FROM` takes an image, or an image, `AS` and a name"};
constexpr DiagnosticDef<std::string> kBadStageName{
    Kind::BadStageName,
    "stage name `{}` is not a letter followed by letters, digits, `-`, `_`, `.`"};
constexpr DiagnosticDef<std::string> kDuplicateStage{Kind::DuplicateStage,
                                                     "stage name `{}` is used twice"};
constexpr DiagnosticDef<std::string> kExpectedKeyValue{Kind::ExpectedKeyValue,
                                                       "`{}` is not of the form `key=value`"};
constexpr DiagnosticDef<std::string_view> kBlankName{Kind::BlankName, "name in `{}` is blank"};
constexpr DiagnosticDef<> kExpectedExecForm{
    Kind::ExpectedExecForm, "`SHELL` takes a JSON array of strings, `[\"/bin/sh\", \"-c\"]`"};
constexpr DiagnosticDef<std::string> kUnknownHealthcheck{Kind::UnknownHealthcheck,
                                                         "`{}` is neither `CMD` nor `NONE`"};
constexpr DiagnosticDef<> kEmptyDockerfile{Kind::EmptyDockerfile, "the file is empty"};
constexpr DiagnosticDef<> kNoInstructions{Kind::EmptyDockerfile, "the file has no instructions"};
constexpr DiagnosticDef<> kNoStages{Kind::NoStages, "the file has no `FROM`"};
constexpr DiagnosticDef<std::string> kBeforeFrom{Kind::InstructionBeforeFrom,
                                                 "`{}` stands before the first `FROM`"};

struct FlagNames {
  std::vector<std::string> known;
  // Part of the language, but not of this version.
  std::vector<std::string> later;
};

const FlagNames& flags_of(Keyword keyword) {
  static const std::map<Keyword, FlagNames> names = {
      {Keyword::From, {{"platform"}, {}}},
      {Keyword::Run, {{}, {"mount", "network", "security", "device"}}},
      {Keyword::Copy, {{"chmod", "chown", "from"}, {"exclude", "link", "parents"}}},
      {Keyword::Add,
       {{"chmod", "chown"}, {"checksum", "exclude", "keep-git-dir", "link", "unpack"}}},
      {Keyword::Healthcheck,
       {{"interval", "retries", "start-interval", "start-period", "timeout"}, {}}},
  };
  static const FlagNames none;
  const auto found = names.find(keyword);
  return found == names.end() ? none : found->second;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Checker {
 public:
  explicit Checker(Emitter& emitter) : emitter_(&emitter) {}

  void check(const Instruction& instruction);

 private:
  void check_flags(const Instruction& instruction);
  void check_flag(const Instruction& instruction, const Flag& flag);
  void check_from(const Instruction& instruction);
  void check_pairs(const Instruction& instruction);
  void check_healthcheck(const Instruction& instruction);
  void check_arity(const Instruction& instruction);
  void missing(const Instruction& instruction, std::string_view what) {
    emitter_->emit(instruction.name.loc, kMissingArguments, keyword_text(instruction.keyword),
                   what);
  }

  Emitter* emitter_;
  std::map<std::string, Loc> stages_;
};

void Checker::check_flag(const Instruction& instruction, const Flag& flag) {
  const FlagNames& names = flags_of(instruction.keyword);
  const std::string_view keyword = keyword_text(instruction.keyword);
  if (contains(names.later, flag.name.text)) {
    emitter_->emit(flag.loc, kUnsupportedFlag, flag.name.text, keyword);
    return;
  }
  if (!contains(names.known, flag.name.text)) {
    auto pending = emitter_->emit(flag.name.loc, kUnknownFlag, "--" + flag.name.text, keyword);
    std::vector<std::string> all = names.known;
    all.insert(all.end(), names.later.begin(), names.later.end());
    if (const auto best = nearest(flag.name.text, all)) {
      pending.fix(flag.name.loc, *best, "did you mean `--" + *best + "`?");
    }
    return;
  }
  if (!flag.value || flag.value->text.empty()) {
    emitter_->emit(flag.loc, kFlagValue, flag.name.text);
  }
}

void Checker::check_flags(const Instruction& instruction) {
  for (auto flag = instruction.flags.begin(); flag != instruction.flags.end(); ++flag) {
    const auto same = std::find_if(instruction.flags.begin(), flag, [&](const Flag& other) {
      return other.name.text == flag->name.text;
    });
    if (same != flag && contains(flags_of(instruction.keyword).known, flag->name.text)) {
      emitter_->emit(flag->loc, kDuplicateFlag, flag->name.text)
          .label(same->loc, "first given here");
      continue;
    }
    check_flag(instruction, *flag);
  }
}

void Checker::check_from(const Instruction& instruction) {
  if (instruction.args.empty()) {
    missing(instruction, "an image");
    return;
  }
  if (instruction.args.size() == 1) {
    return;
  }
  if (instruction.args.size() != 3 || !ascii_iequals(instruction.args[1].text, "as")) {
    const Loc loc = join(instruction.args[1].loc, instruction.args.back().loc);
    emitter_->emit(loc, kExpectedAs);
    return;
  }
  const Word& word = instruction.args[2];
  const std::string name = ascii_lower(word.text);
  const bool good =
      name[0] >= 'a' && name[0] <= 'z' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
  if (!good) {
    emitter_->emit(word.loc, kBadStageName, word.text);
    return;
  }
  const auto [stage, added] = stages_.emplace(name, word.loc);
  if (!added) {
    emitter_->emit(word.loc, kDuplicateStage, name).label(stage->second, "first used here");
    stage->second = word.loc;
  }
}

void Checker::check_pairs(const Instruction& instruction) {
  if (instruction.pairs.empty()) {
    missing(instruction, instruction.keyword == Keyword::Arg ? "a name" : "`key=value`");
  }
  for (const Pair& pair : instruction.pairs) {
    if (pair.key.text.empty()) {
      emitter_->emit(pair.loc, kBlankName, keyword_text(instruction.keyword));
    } else if (!pair.value && instruction.keyword != Keyword::Arg) {
      emitter_->emit(pair.loc, kExpectedKeyValue, pair.key.text);
    }
  }
}

void Checker::check_healthcheck(const Instruction& instruction) {
  if (!instruction.subcommand) {
    if (instruction.args.empty()) {
      missing(instruction, "`CMD` or `NONE`");
      return;
    }
    const Word& word = instruction.args[0];
    auto pending = emitter_->emit(word.loc, kUnknownHealthcheck, word.text);
    if (const auto best = nearest(word.text, {"CMD", "NONE"})) {
      pending.fix(word.loc, *best, "did you mean `" + *best + "`?");
    }
    return;
  }
  const bool none = ascii_iequals(instruction.subcommand->text, "none");
  if (none && !instruction.args.empty()) {
    emitter_->emit(instruction.args[0].loc, kTooManyArguments, "HEALTHCHECK NONE", "no arguments");
  } else if (!none && (instruction.args.empty() || instruction.args[0].text.empty())) {
    emitter_->emit(instruction.subcommand->loc, kMissingArguments, "HEALTHCHECK CMD", "a command");
  }
}

void Checker::check_arity(const Instruction& instruction) {
  switch (instruction.keyword) {
    case Keyword::From:
      check_from(instruction);
      return;
    case Keyword::Arg:
    case Keyword::Env:
    case Keyword::Label:
      check_pairs(instruction);
      return;
    case Keyword::Healthcheck:
      check_healthcheck(instruction);
      return;
    case Keyword::Copy:
    case Keyword::Add:
      if (instruction.args.size() < 2) {
        missing(instruction, "at least one source and a destination");
      } else if (instruction.args.back().heredoc) {
        missing(instruction, "a destination after the heredoc");
      }
      return;
    case Keyword::Shell:
      if (instruction.form != Form::Exec) {
        emitter_->emit(instruction.args.empty() ? instruction.name.loc : instruction.args[0].loc,
                       kExpectedExecForm);
      } else if (instruction.args.empty()) {
        missing(instruction, "at least one string");
      }
      return;
    case Keyword::Run:
      if (instruction.args.empty()) {
        missing(instruction, "an argument");
      }
      return;
    case Keyword::Cmd:
    case Keyword::Entrypoint:
    case Keyword::Volume:
      // `CMD []` is a value of its own; `VOLUME []` says nothing.
      if (instruction.args.empty() && instruction.form == Form::Shell) {
        missing(instruction, "an argument");
      }
      return;
    case Keyword::Expose:
    case Keyword::Stopsignal:
    case Keyword::User:
    case Keyword::Workdir:
      if (instruction.args.empty()) {
        missing(instruction, "an argument");
      }
      return;
    case Keyword::Maintainer:
    case Keyword::Onbuild:
    case Keyword::Unknown:
      return;
  }
}

void Checker::check(const Instruction& instruction) {
  if (instruction.keyword == Keyword::Unknown) {
    auto pending = emitter_->emit(instruction.name.loc, kUnknownInstruction, instruction.name.text);
    if (const auto best = nearest(instruction.name.text, keyword_texts())) {
      pending.fix(instruction.name.loc, *best, "did you mean `" + *best + "`?");
    }
    return;
  }
  if (instruction.keyword == Keyword::Maintainer || instruction.keyword == Keyword::Onbuild) {
    auto pending = emitter_->emit(instruction.name.loc, kUnsupportedInstruction,
                                  keyword_text(instruction.keyword));
    if (instruction.keyword == Keyword::Maintainer) {
      pending.note("`LABEL org.opencontainers.image.authors=` is its successor");
    }
    return;
  }
  check_flags(instruction);
  check_arity(instruction);
}

void check_order(const Ast& ast, std::string_view text, Emitter& emitter) {
  if (text.empty()) {
    emitter.emit({ast.file, 0, 0}, kEmptyDockerfile);
    return;
  }
  if (ast.instructions.empty()) {
    emitter.emit({ast.file, 0, 0}, kNoInstructions);
    return;
  }
  const auto from = std::find_if(
      ast.instructions.begin(), ast.instructions.end(),
      [](const Instruction& instruction) { return instruction.keyword == Keyword::From; });
  if (from == ast.instructions.end()) {
    emitter.emit(ast.instructions.front().name.loc, kNoStages)
        .note("`FROM IMAGE` begins a stage; `FROM scratch` an empty one");
    return;
  }
  for (auto instruction = ast.instructions.begin(); instruction != from; ++instruction) {
    if (instruction->keyword != Keyword::Arg && instruction->keyword != Keyword::Unknown) {
      emitter.emit(instruction->name.loc, kBeforeFrom, instruction->name.text)
          .note("only `ARG` may stand there");
    }
  }
}

}  // namespace

void check_syntax(const Ast& ast, ParseScope scope, std::string_view text, Emitter& emitter) {
  if (scope == ParseScope::File) {
    check_order(ast, text, emitter);
  }
  Checker checker(emitter);
  for (const Instruction& instruction : ast.instructions) {
    checker.check(instruction);
  }
}

}  // namespace strata::frontend::dockerfile
