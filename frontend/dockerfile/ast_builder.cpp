// From ANTLR's parse tree of one instruction to our syntax tree.
#include "frontend/dockerfile/ast_builder.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "antlr4-runtime.h"
#include "grammar/dockerfile_grammar/DockerfileParser.h"

namespace strata::frontend::dockerfile {
namespace {

using Parser = dockerfile_grammar::DockerfileParser;

constexpr DiagnosticDef<std::string> kUnterminatedQuote{Kind::UnterminatedQuote,
                                                        "quote {} is not closed"};
constexpr DiagnosticDef<std::string> kNonString{Kind::NonStringArgument,
                                                "`{}` in the exec form is not a string"};
constexpr DiagnosticDef<> kBadString{Kind::NonStringArgument,
                                     "string in the exec form does not decode to UTF-8 text"};

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Range range_of(const antlr4::Token* token) {
  return {token->getStartIndex(), token->getStopIndex() + 1};
}

Range range_of(antlr4::ParserRuleContext& context) {
  return {context.getStart()->getStartIndex(), context.getStop()->getStopIndex() + 1};
}

Keyword keyword_of(std::size_t token_type) {
  static constexpr std::array<std::pair<std::size_t, Keyword>, 18> kTypes = {{
      {Parser::ADD, Keyword::Add},
      {Parser::ARG, Keyword::Arg},
      {Parser::CMD, Keyword::Cmd},
      {Parser::COPY, Keyword::Copy},
      {Parser::ENTRYPOINT, Keyword::Entrypoint},
      {Parser::ENV, Keyword::Env},
      {Parser::EXPOSE, Keyword::Expose},
      {Parser::FROM, Keyword::From},
      {Parser::HEALTHCHECK, Keyword::Healthcheck},
      {Parser::LABEL, Keyword::Label},
      {Parser::MAINTAINER, Keyword::Maintainer},
      {Parser::ONBUILD, Keyword::Onbuild},
      {Parser::RUN, Keyword::Run},
      {Parser::SHELL, Keyword::Shell},
      {Parser::STOPSIGNAL, Keyword::Stopsignal},
      {Parser::USER, Keyword::User},
      {Parser::VOLUME, Keyword::Volume},
      {Parser::WORKDIR, Keyword::Workdir},
  }};
  for (const auto& [type, keyword] : kTypes) {
    if (type == token_type) {
      return keyword;
    }
  }
  return Keyword::Unknown;
}

class Builder {
 public:
  Builder(const LogicalLine& line, Emitter& emitter) : line_(&line), emitter_(&emitter) {}

  Instruction build(Parser::InstructionContext& tree);

 private:
  [[nodiscard]] Word word(Range range) const { return line_->word(range.begin, range.end); }
  [[nodiscard]] Word unquoted(Range range) const;
  void add_flag(const antlr4::Token* token);
  void add_words(Parser::WordsContext* words);
  void add_text(antlr4::tree::TerminalNode* text);
  void add_exec(Parser::ExecFormContext* form);
  void add_script(Parser::ScriptContext* script);
  void add_heredoc(Range range);
  void add_pair(antlr4::tree::TerminalNode* key, antlr4::tree::TerminalNode* equals,
                antlr4::tree::TerminalNode* value, antlr4::ParserRuleContext& context);
  void add_pairs(Parser::PairsContext* pairs);
  void add_legacy_pair(Parser::LegacyPairContext* context);
  void add_healthcheck(Parser::HealthcheckContext* check);

  const LogicalLine* line_;
  Emitter* emitter_;
  Instruction result_;
};

// The text of a flag without quotes and escapes; its escape is always the backslash, in both kinds
// of quotes, as BuildKit reads flags.
Word Builder::unquoted(Range range) const {
  Word result = word(range);
  const std::string text = std::move(result.text);
  result.text.clear();
  char quote = 0;
  std::size_t quote_at = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      if (i + 1 < text.size()) {
        result.text += text[++i];
      }
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      quote_at = i;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else {
      result.text += c;
    }
  }
  if (quote != 0) {
    emitter_->emit(line_->loc(range.begin + quote_at, range.begin + quote_at + 1),
                   kUnterminatedQuote, std::string(1, quote));
  }
  return result;
}

void Builder::add_flag(const antlr4::Token* token) {
  Range range = range_of(token);
  range.begin = line_->text().find("--", range.begin);
  const std::string_view text = line_->text().substr(range.begin, range.end - range.begin);
  const std::size_t equals = text.find('=');
  Flag flag;
  flag.loc = line_->loc(range.begin, range.end);
  if (equals == std::string_view::npos) {
    flag.name = unquoted({range.begin + 2, range.end});
  } else {
    flag.name = unquoted({range.begin + 2, range.begin + equals});
    flag.value = range.begin + equals + 1 < range.end
                     ? unquoted({range.begin + equals + 1, range.end})
                     : Word{.text = {}, .loc = flag.loc, .heredoc = {}};
  }
  result_.flags.push_back(std::move(flag));
}

// `[fd]<<[-]WORD`
void Builder::add_heredoc(Range range) {
  Heredoc heredoc;
  heredoc.loc = line_->loc(range.begin, range.end);
  std::string_view text = line_->text().substr(range.begin, range.end - range.begin);
  const std::size_t arrows = text.find("<<");
  heredoc.fd = std::string(text.substr(0, arrows));
  text.remove_prefix(arrows + 2);
  if (text.starts_with('-')) {
    heredoc.tabs = Heredoc::Tabs::Strip;
    text.remove_prefix(1);
  }
  text.remove_prefix(text.find_first_not_of(" \t\v\f\r"));
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      heredoc.expansion = Heredoc::Expansion::Off;
      heredoc.name += text[++i];
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      heredoc.expansion = Heredoc::Expansion::Off;
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else {
      heredoc.name += c;
    }
  }
  result_.heredocs.push_back(std::move(heredoc));
}

void Builder::add_words(Parser::WordsContext* words) {
  if (words == nullptr) {
    return;
  }
  for (Parser::WordContext* context : words->word()) {
    Word argument = word(range_of(*context));
    const bool takes_heredocs = result_.keyword == Keyword::Copy || result_.keyword == Keyword::Add;
    if (context->HEREDOC() != nullptr && takes_heredocs) {
      argument.heredoc = result_.heredocs.size();
      add_heredoc(range_of(*context));
    }
    result_.args.push_back(std::move(argument));
  }
}

void Builder::add_text(antlr4::tree::TerminalNode* text) {
  if (text != nullptr) {
    result_.args.push_back(word(range_of(text->getSymbol())));
  }
}

void Builder::add_exec(Parser::ExecFormContext* form) {
  result_.form = Form::Exec;
  for (Parser::ValueContext* value : form->value()) {
    Word argument = word(range_of(*value));
    if (value->getStart()->getType() != Parser::JSON_STRING) {
      emitter_->emit(argument.loc, kNonString, argument.text);
      continue;
    }
    const auto decoded = nlohmann::json::parse(argument.text, nullptr, false);
    if (decoded.is_string()) {
      argument.text = decoded.get<std::string>();
    } else {
      emitter_->emit(argument.loc, kBadString);
    }
    // A range inside the quotes lets part() point into strings without escapes.
    argument.loc.begin += 1;
    argument.loc.end -= 1;
    result_.args.push_back(std::move(argument));
  }
}

void Builder::add_script(Parser::ScriptContext* script) {
  if (script == nullptr) {
    return;
  }
  result_.args.push_back(word(range_of(*script)));
  if (!script->OPEN_QUOTE().empty()) {
    // With an unmatched quote on the line BuildKit sees no heredoc; the lines below are
    // instructions.
    return;
  }
  for (antlr4::tree::TerminalNode* marker : script->HEREDOC()) {
    add_heredoc(range_of(marker->getSymbol()));
  }
  if (result_.heredocs.size() == 1 && result_.heredocs[0].loc == result_.args[0].loc) {
    result_.args[0].heredoc = 0;
  }
}

void Builder::add_pair(antlr4::tree::TerminalNode* key, antlr4::tree::TerminalNode* equals,
                       antlr4::tree::TerminalNode* value, antlr4::ParserRuleContext& context) {
  Pair pair;
  const Range range = range_of(context);
  pair.loc = line_->loc(range.begin, range.end);
  pair.key = key != nullptr ? word(range_of(key->getSymbol())) : word({range.begin, range.begin});
  if (equals != nullptr) {
    const std::size_t after = range_of(equals->getSymbol()).end;
    pair.value = value != nullptr
                     ? word(range_of(value->getSymbol()))
                     : Word{.text = {}, .loc = line_->loc(after - 1, after), .heredoc = {}};
  }
  result_.pairs.push_back(std::move(pair));
}

void Builder::add_pairs(Parser::PairsContext* pairs) {
  Parser::FirstPairContext* first = pairs->firstPair();
  add_pair(first->KEY(), first->EQUALS(), first->VALUE(), *first);
  for (Parser::PairContext* pair : pairs->pair()) {
    add_pair(pair->KEY(), pair->EQUALS(), pair->VALUE(), *pair);
  }
}

void Builder::add_legacy_pair(Parser::LegacyPairContext* context) {
  Pair pair;
  const Range range = range_of(*context);
  pair.loc = line_->loc(range.begin, range.end);
  pair.key = word(range_of(context->KEY()->getSymbol()));
  if (context->rest() != nullptr) {
    pair.value = word(range_of(*context->rest()));
  }
  result_.pairs.push_back(std::move(pair));
}

void Builder::add_healthcheck(Parser::HealthcheckContext* check) {
  if (check->NONE() != nullptr || check->CMD() != nullptr) {
    result_.subcommand = word(range_of(check->getStart()));
  }
  if (check->execForm() != nullptr) {
    add_exec(check->execForm());
  }
  add_text(check->TEXT());
  add_words(check->words());
}

Instruction Builder::build(Parser::InstructionContext& tree) {
  const Range keyword = range_of(tree.getStart());
  result_.keyword = keyword_of(tree.getStart()->getType());
  result_.name = word(keyword);
  result_.loc = line_->loc(keyword.begin, line_->text().size());
  result_.comments = line_->comments();
  for (antlr4::tree::TerminalNode* flag : tree.getTokens(Parser::FLAG)) {
    add_flag(flag->getSymbol());
  }
  if (auto* words = dynamic_cast<Parser::WordsInstructionContext*>(&tree)) {
    add_words(words->words());
  } else if (auto* paths = dynamic_cast<Parser::PathsInstructionContext*>(&tree)) {
    if (paths->execForm() != nullptr) {
      add_exec(paths->execForm());
    }
    add_words(paths->words());
  } else if (auto* run = dynamic_cast<Parser::RunInstructionContext*>(&tree)) {
    if (run->execForm() != nullptr) {
      add_exec(run->execForm());
    }
    add_script(run->script());
  } else if (auto* command = dynamic_cast<Parser::CommandInstructionContext*>(&tree)) {
    if (command->execForm() != nullptr) {
      add_exec(command->execForm());
    }
    add_text(command->TEXT());
  } else if (auto* rest = dynamic_cast<Parser::LineInstructionContext*>(&tree)) {
    add_text(rest->TEXT());
  } else if (auto* pairs = dynamic_cast<Parser::PairsInstructionContext*>(&tree)) {
    if (pairs->pairs() != nullptr) {
      add_pairs(pairs->pairs());
    } else if (pairs->legacyPair() != nullptr) {
      add_legacy_pair(pairs->legacyPair());
    }
  } else if (auto* arg = dynamic_cast<Parser::ArgInstructionContext*>(&tree)) {
    if (arg->declarations() != nullptr) {
      for (Parser::PairContext* pair : arg->declarations()->pair()) {
        add_pair(pair->KEY(), pair->EQUALS(), pair->VALUE(), *pair);
      }
    }
  } else if (auto* health = dynamic_cast<Parser::HealthcheckInstructionContext*>(&tree)) {
    if (health->healthcheck() != nullptr) {
      add_healthcheck(health->healthcheck());
    }
  }
  return std::move(result_);
}

}  // namespace

Instruction build_instruction(antlr4::ParserRuleContext& tree, const LogicalLine& line,
                              Emitter& emitter) {
  return Builder(line, emitter).build(dynamic_cast<Parser::InstructionContext&>(tree));
}

}  // namespace strata::frontend::dockerfile
