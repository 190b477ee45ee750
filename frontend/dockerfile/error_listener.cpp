// ANTLR's syntax errors as diagnostics.
#include "frontend/dockerfile/error_listener.h"

#include <algorithm>
#include <string>

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kSyntaxError{Kind::SyntaxError, "unexpected `{}`"};
constexpr DiagnosticDef<> kUnexpectedEnd{Kind::SyntaxError, "instruction ends too early"};

}  // namespace

void ErrorListener::syntaxError(antlr4::Recognizer* /*recognizer*/, antlr4::Token* token,
                                std::size_t /*line*/, std::size_t column,
                                const std::string& /*message*/, std::exception_ptr /*exception*/) {
  const std::size_t size = line_->text().size();
  const std::size_t begin =
      std::min(token == nullptr ? column : static_cast<std::size_t>(token->getStartIndex()), size);
  const std::size_t end =
      token == nullptr ? begin + 1 : static_cast<std::size_t>(token->getStopIndex()) + 1;
  if (begin >= size || end <= begin) {
    emitter_->emit(line_->loc(size - 1, size), kUnexpectedEnd);
    return;
  }
  const Word word = line_->word(begin, std::min(end, size));
  emitter_->emit(word.loc, kSyntaxError, word.text);
}

}  // namespace strata::frontend::dockerfile
