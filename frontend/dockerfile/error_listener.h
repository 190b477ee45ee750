#pragma once

#include "antlr4-runtime.h"
#include "frontend/dockerfile/line_reader.h"
#include "ir/base/emitter.h"

namespace strata::frontend::dockerfile {

// Turns ANTLR's syntax errors into diagnostics at the offending token. Included by parse.cpp only.
class ErrorListener final : public antlr4::BaseErrorListener {
 public:
  explicit ErrorListener(Emitter& emitter) : emitter_(&emitter) {}

  // The line that is parsed next; must outlive the parse.
  void set_line(const LogicalLine& line) { line_ = &line; }

  void syntaxError(antlr4::Recognizer* recognizer, antlr4::Token* token, std::size_t line,
                   std::size_t column, const std::string& message,
                   std::exception_ptr exception) override;

 private:
  Emitter* emitter_;
  const LogicalLine* line_ = nullptr;
};

}  // namespace strata::frontend::dockerfile
