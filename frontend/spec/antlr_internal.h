#pragma once

// ANTLR's types, for parse.cpp, token_filter.cpp, ast_builder.cpp and error_listener.cpp only: no
// other file includes this.
#include <antlr4-runtime.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/spec/ast.h"
#include "grammar/spec_grammar/SpecLexer.h"
#include "grammar/spec_grammar/SpecParser.h"
#include "ir/base/emitter.h"

namespace strata::frontend::spec::internal {

using spec_grammar::SpecLexer;
using spec_grammar::SpecParser;
using Tokens = std::vector<std::unique_ptr<antlr4::Token>>;

// ANTLR counts code points, we count bytes.
class TokenLocs {
 public:
  // `skip` bytes of `text` (a byte order mark) were not given to the lexer.
  TokenLocs(FileId file, std::string_view text, std::size_t skip);

  [[nodiscard]] Loc of(const antlr4::Token& token) const;
  [[nodiscard]] Loc of(const antlr4::ParserRuleContext& context) const;
  [[nodiscard]] Loc of(const antlr4::Token& first, const antlr4::Token& last) const;

 private:
  FileId file_;
  // Of each code point, and of the end.
  std::vector<std::uint32_t> offsets_;
};

// The tokens of one statement, without line breaks.
struct StatementTokens {
  Tokens tokens;
  // False after a reported error: not to be parsed.
  enum class State { Whole, Broken } state = State::Whole;
};

// Which line breaks end a statement; brackets, stray characters, unterminated strings and nesting
// are checked (and reported) here.
[[nodiscard]] std::vector<StatementTokens> split_statements(Tokens tokens, const TokenLocs& locs,
                                                            Emitter& emitter);

// Reports the first syntax error of a statement, and nothing to the console.
class ErrorListener final : public antlr4::BaseErrorListener {
 public:
  ErrorListener(const TokenLocs& locs, Emitter& emitter) : locs_(&locs), emitter_(&emitter) {}
  void syntaxError(antlr4::Recognizer* recognizer, antlr4::Token* symbol, std::size_t line,
                   std::size_t column, const std::string& message,
                   std::exception_ptr error) override;

 private:
  const TokenLocs* locs_;
  Emitter* emitter_;
};

// Reports the first error of a statement, then ends its parse with ParseCancellationException:
// recovery happens at the next statement.
class FirstErrorStrategy final : public antlr4::DefaultErrorStrategy {
 public:
  void recover(antlr4::Parser* recognizer, std::exception_ptr error) override;
  antlr4::Token* recoverInline(antlr4::Parser* recognizer) override;
  void sync(antlr4::Parser* recognizer) override;
};

// Reports constructs that are not supported yet, adjacent strings, and literals that are wrong.
[[nodiscard]] Statement build_statement(SpecParser::StatementContext& context,
                                        const TokenLocs& locs, Emitter& emitter);

// `x` of a statement that begins like `x = …` or `let x …`, for BrokenStatement::defines.
[[nodiscard]] std::vector<std::string> defined_names(const Tokens& tokens);

}  // namespace strata::frontend::spec::internal
