// ANTLR's errors as diagnostics: one a statement, at the token that does not fit.
#include <algorithm>
#include <string>
#include <vector>

#include "frontend/spec/antlr_internal.h"
#include "ir/base/text.h"

namespace strata::frontend::spec::internal {
namespace {

constexpr DiagnosticDef<std::string> kUnexpected{Kind::SpecSyntax, "unexpected {}"};
constexpr std::size_t kMaxExpected = 4;

// How a token type is called in "expected …".
std::string expected_name(std::size_t type, const antlr4::dfa::Vocabulary& vocabulary) {
  switch (type) {
    case antlr4::Token::EOF:
      return "the end of the statement";
    case SpecLexer::ID:
      return "a name";
    case SpecLexer::STRING:
    case SpecLexer::FSTRING_START:
      return "a string";
    case SpecLexer::INT:
      return "a number";
    default:
      break;
  }
  std::string literal = vocabulary.getLiteralName(type);
  if (literal.size() > 2 && literal.front() == '\'') {
    return "`" + literal.substr(1, literal.size() - 2) + "`";
  }
  return {};
}

bool is_soft_keyword(std::size_t type) {
  return type >= SpecLexer::EDITION && type <= SpecLexer::WHERE;
}

// "expected `]` or `,`", or empty when there are too many to help.
std::string expected(antlr4::Parser& parser) {
  const antlr4::misc::IntervalSet set = parser.getExpectedTokens();
  const auto has = [&](std::size_t type) { return set.contains(type); };
  if (has(SpecLexer::LPAREN) && has(SpecLexer::STRING) && has(SpecLexer::INT)) {
    return "expected a value";
  }
  std::vector<std::string> names;
  for (const ssize_t signed_type : set.toList()) {
    const auto type = static_cast<std::size_t>(signed_type);
    std::string name =
        is_soft_keyword(type) ? std::string() : expected_name(type, parser.getVocabulary());
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  if (names.empty() || names.size() > kMaxExpected) {
    return {};
  }
  std::string text = "expected " + names.front();
  for (std::size_t i = 1; i < names.size(); ++i) {
    text += (i + 1 == names.size() ? " or " : ", ") + names[i];
  }
  return text;
}

std::string found(const antlr4::Token& token) {
  if (token.getType() == antlr4::Token::EOF) {
    return "end of statement";
  }
  constexpr std::size_t kLongest = 40;
  std::string text = token.getText();
  const std::size_t line = text.find_first_of("\r\n");
  if (line != std::string::npos || text.size() > kLongest) {
    return "token";
  }
  return "`" + text + "`";
}

}  // namespace

void ErrorListener::syntaxError(antlr4::Recognizer* recognizer, antlr4::Token* symbol,
                                std::size_t /*line*/, std::size_t /*column*/,
                                const std::string& /*message*/, std::exception_ptr /*error*/) {
  auto& parser = *static_cast<antlr4::Parser*>(recognizer);
  auto pending = emitter_->emit(locs_->of(*symbol), kUnexpected, found(*symbol));
  const std::string hint = expected(parser);
  if (!hint.empty()) {
    pending.note(hint);
  }
  antlr4::TokenStream& stream = *parser.getTokenStream();
  const antlr4::Token& first = *stream.get(0);
  if (first.getType() == SpecLexer::ID && symbol->getTokenIndex() == 1) {
    const auto best =
        nearest(first.getText(), {"image", "let", "from", "import", "edition", "param", "fn"});
    if (best) {
      pending.fix(locs_->of(first), *best, "did you mean `" + *best + "`?");
    } else if (symbol->getType() == antlr4::Token::EOF || symbol->getType() == SpecLexer::DOT) {
      pending.note("a statement is an assignment, as in `img = Image.debian_slim()`");
    }
  }
}

void FirstErrorStrategy::recover(antlr4::Parser* /*recognizer*/, std::exception_ptr /*error*/) {
  throw antlr4::ParseCancellationException();
}

antlr4::Token* FirstErrorStrategy::recoverInline(antlr4::Parser* recognizer) {
  // Caught by the rule that was being parsed, which reports it and calls recover().
  throw antlr4::InputMismatchException(recognizer);
}

void FirstErrorStrategy::sync(antlr4::Parser* /*recognizer*/) {}

}  // namespace strata::frontend::spec::internal
