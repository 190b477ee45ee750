// From the text of a spec file to its tree: lexes the whole file, then parses statement by
// statement.
#include "frontend/spec/parse.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "frontend/spec/antlr_internal.h"
#include "ir/base/text.h"

namespace strata::frontend::spec {
namespace internal {

TokenLocs::TokenLocs(FileId file, std::string_view text, std::size_t skip) : file_(file) {
  offsets_.reserve(text.size() + 1);
  for (std::size_t i = skip; i < text.size(); ++i) {
    // A continuation byte begins no code point.
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      offsets_.push_back(static_cast<std::uint32_t>(i));
    }
  }
  offsets_.push_back(static_cast<std::uint32_t>(text.size()));
}

Loc TokenLocs::of(const antlr4::Token& token) const { return of(token, token); }

Loc TokenLocs::of(const antlr4::ParserRuleContext& context) const {
  // An empty rule stops before it starts.
  const antlr4::Token* stop = context.stop != nullptr ? context.stop : context.start;
  return of(*context.start, *stop);
}

Loc TokenLocs::of(const antlr4::Token& first, const antlr4::Token& last) const {
  const auto offset = [&](std::size_t index) {
    return offsets_[std::min(index, offsets_.size() - 1)];
  };
  const std::uint32_t begin = offset(first.getStartIndex());
  // The end token's stop lies before its start.
  const std::uint32_t end = last.getType() == antlr4::Token::EOF ? offset(last.getStartIndex())
                                                                 : offset(last.getStopIndex() + 1);
  return Loc{.file = file_, .begin = begin, .end = std::max(begin, end)};
}

std::vector<std::string> defined_names(const Tokens& tokens) {
  const auto is_name = [&](std::size_t index) {
    const std::size_t type = tokens[index]->getType();
    return type == SpecLexer::ID || (type >= SpecLexer::EDITION && type <= SpecLexer::WHERE);
  };
  const auto is_end_of_name = [&](std::size_t index) {
    const std::size_t type = tokens[index]->getType();
    return type == SpecLexer::ASSIGN || type == SpecLexer::COLON;
  };
  for (std::size_t i = 0; i < 2 && i + 1 < tokens.size(); ++i) {
    if (is_name(i) && is_end_of_name(i + 1)) {
      return {tokens[i]->getText()};
    }
  }
  return {};
}

}  // namespace internal

namespace {

using internal::ErrorListener;
using internal::FirstErrorStrategy;
using internal::SpecLexer;
using internal::SpecParser;
using internal::StatementTokens;
using internal::TokenLocs;

constexpr DiagnosticDef<> kNotUtf8{Kind::SpecSyntax, "text that is not UTF-8"};
constexpr DiagnosticDef<std::size_t> kFileTooLarge{Kind::SpecLimit,
                                                   "the file is larger than {} MiB"};
constexpr DiagnosticDef<std::size_t> kTooManyTokens{
    Kind::SpecLimit, "the file has more than {} names, literals and signs"};
// Far beyond every file that is written. A token and its part of the tree take up to 2 KiB.
constexpr std::size_t kLargestFile = std::size_t{16} << 20U;
constexpr std::size_t kMostTokens = 250000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Loc first_bad_byte(FileId id, std::string_view text) {
  std::size_t low = 0;
  // Each prefix that ends in whole characters is UTF-8 up to the first bad one; lines are enough.
  while (low < text.size()) {
    const std::size_t end = std::min(text.find('\n', low), text.size() - 1) + 1;
    if (!is_utf8(text.substr(low, end - low))) {
      return Loc{id, static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(end)};
    }
    low = end;
  }
  return Loc{id, 0, 0};
}

// The statement's tree, or nullopt after a reported error. `statement` is consumed.
std::optional<Statement> parse_statement(StatementTokens statement, const TokenLocs& locs,
                                         Emitter& emitter) {
  const antlr4::Token& last = *statement.tokens.back();
  auto end = std::make_unique<antlr4::CommonToken>(antlr4::Token::EOF, "end of statement");
  end->setStartIndex(last.getStopIndex() + 1);
  end->setStopIndex(last.getStopIndex());
  end->setLine(last.getLine());
  statement.tokens.push_back(std::move(end));
  try {
    antlr4::ListTokenSource source(std::move(statement.tokens));
    antlr4::CommonTokenStream stream(&source);
    SpecParser parser(&stream);
    ErrorListener listener(locs, emitter);
    parser.removeErrorListeners();
    parser.addErrorListener(&listener);
    parser.setErrorHandler(std::make_shared<FirstErrorStrategy>());
    SpecParser::StatementContext* tree = parser.statement();
    return internal::build_statement(*tree, locs, emitter);
  } catch (const antlr4::ParseCancellationException&) {
    // Reported by the listener.
    return std::nullopt;
  }
}

// All tokens; nullopt after reporting that there are too many.
std::optional<internal::Tokens> read_tokens(SpecLexer& lexer, const TokenLocs& locs,
                                            Emitter& emitter) {
  internal::Tokens tokens;
  for (;;) {
    std::unique_ptr<antlr4::Token> token = lexer.nextToken();
    if (token->getType() == antlr4::Token::EOF) {
      return tokens;
    }
    if (tokens.size() == kMostTokens) {
      emitter.emit(locs.of(*token), kTooManyTokens, kMostTokens);
      return std::nullopt;
    }
    tokens.push_back(std::move(token));
  }
}

}  // namespace

File parse(FileId file, const SourceMap& sources, Emitter& emitter) {
  File result{.id = file, .statements = {}};
  const std::string_view text = sources.file(file).text();
  if (text.size() > kLargestFile) {
    emitter.emit({file, 0, 0}, kFileTooLarge, kLargestFile >> 20U);
    return result;
  }
  if (!is_utf8(text)) {
    emitter.emit(first_bad_byte(file, text), kNotUtf8);
    return result;
  }
  const std::size_t skip =
      text.substr(0, kByteOrderMark.size()) == kByteOrderMark ? kByteOrderMark.size() : 0;
  const TokenLocs locs(file, text, skip);
  antlr4::ANTLRInputStream input{std::string(text.substr(skip))};
  SpecLexer lexer(&input);
  lexer.removeErrorListeners();
  auto tokens = read_tokens(lexer, locs, emitter);
  if (!tokens) {
    return result;
  }
  for (StatementTokens& statement : internal::split_statements(*std::move(tokens), locs, emitter)) {
    const Loc loc = locs.of(*statement.tokens.front(), *statement.tokens.back());
    const Loc keyword = locs.of(*statement.tokens.front());
    std::vector<std::string> names = internal::defined_names(statement.tokens);
    std::optional<Statement> parsed;
    if (statement.state == StatementTokens::State::Whole) {
      parsed = parse_statement(std::move(statement), locs, emitter);
    }
    result.statements.push_back(
        parsed ? *std::move(parsed)
               : Statement{loc, keyword, BrokenStatement{"statement", std::move(names)}});
  }
  return result;
}

}  // namespace strata::frontend::spec
