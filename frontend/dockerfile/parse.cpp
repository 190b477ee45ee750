// Drives the generated lexer and parser over a Dockerfile, one instruction at a time, which keeps
// prediction local and time linear.
#include "frontend/dockerfile/parse.h"

#include <utility>

#include "antlr4-runtime.h"
#include "frontend/dockerfile/ast_builder.h"
#include "frontend/dockerfile/check_syntax.h"
#include "frontend/dockerfile/directives.h"
#include "frontend/dockerfile/error_listener.h"
#include "frontend/dockerfile/limits.h"
#include "frontend/dockerfile/line_reader.h"
#include "grammar/dockerfile_grammar/DockerfileLexer.h"
#include "grammar/dockerfile_grammar/DockerfileParser.h"

namespace strata::frontend::dockerfile {
namespace {

using Lexer = dockerfile_grammar::DockerfileLexer;
using Parser = dockerfile_grammar::DockerfileParser;

constexpr DiagnosticDef<std::string> kUnterminatedHeredoc{Kind::UnterminatedHeredoc,
                                                          "heredoc `{}` is not terminated"};

// Bytes as characters, so that token positions are byte offsets and no input is malformed. The
// escape character is presented as the grammar wants it.
class ByteStream final : public antlr4::ANTLRInputStream {
 public:
  ByteStream(std::string_view text, char escape) {
    _data.reserve(text.size());
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      _data.push_back(c == escape ? char32_t{0xE000} + byte : char32_t{byte});
    }
  }
};

class InstructionParser {
 public:
  InstructionParser(char escape, Emitter& emitter)
      : escape_(escape),
        emitter_(&emitter),
        listener_(emitter),
        stream_(std::make_unique<ByteStream>("", escape)),
        lexer_(stream_.get()),
        tokens_(&lexer_),
        parser_(&tokens_),
        bail_(std::make_shared<antlr4::BailErrorStrategy>()),
        recover_(std::make_shared<antlr4::DefaultErrorStrategy>()) {
    lexer_.removeErrorListeners();
    parser_.removeErrorListeners();
    // The grammar has no decision that needs full context.
    parser_.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(
        antlr4::atn::PredictionMode::SLL);
  }

  Instruction parse(const LogicalLine& line) {
    lexer_.heredocs_possible = line.text().find("<<") != std::string_view::npos;
    lexer_.json_allowed = true;
    parser_.removeErrorListeners();
    parser_.setErrorHandler(bail_);
    try {
      return build(line);
    } catch (const antlr4::ParseCancellationException&) {
      // What began with `[` is no exec form: read it as text, as docker does.
      lexer_.json_allowed = false;
      listener_.set_line(line);
      parser_.addErrorListener(&listener_);
      parser_.setErrorHandler(recover_);
      return build(line);
    }
  }

 private:
  Instruction build(const LogicalLine& line) {
    auto next = std::make_unique<ByteStream>(line.text(), escape_);
    lexer_.setInputStream(next.get());
    stream_ = std::move(next);
    tokens_.setTokenSource(&lexer_);
    parser_.setTokenStream(&tokens_);
    Instruction result = build_instruction(*parser_.instruction(), line, *emitter_);
    // The parser would keep every tree until it dies.
    parser_.getTreeTracker().reset();
    return result;
  }

  char escape_;
  Emitter* emitter_;
  ErrorListener listener_;
  std::unique_ptr<ByteStream> stream_;
  Lexer lexer_;
  antlr4::CommonTokenStream tokens_;
  Parser parser_;
  std::shared_ptr<antlr4::ANTLRErrorStrategy> bail_;
  std::shared_ptr<antlr4::ANTLRErrorStrategy> recover_;
};

enum class Bodies { Complete, Unterminated };

Bodies read_bodies(LineReader& reader, Instruction& instruction, Emitter& emitter) {
  for (Heredoc& heredoc : instruction.heredocs) {
    if (!reader.read_heredoc(heredoc)) {
      emitter.emit(heredoc.loc, kUnterminatedHeredoc, heredoc.name)
          .note("no line below holds only `" + heredoc.name + "`");
      return Bodies::Unterminated;
    }
    instruction.loc.end = reader.last_end();
  }
  return Bodies::Complete;
}

}  // namespace

Ast parse(FileId file, ParseScope scope, const SourceMap& sources, Emitter& emitter) {
  Ast ast;
  ast.file = file;
  const std::string_view text = sources.file(file).text();
  const std::uint32_t start = read_directives(text, ast, emitter);
  if (!within_limits(file, text, emitter)) {
    return ast;
  }
  LineReader reader(file, text, start, ast.escape, emitter);
  InstructionParser parser(ast.escape, emitter);
  while (const auto line = reader.next()) {
    if (!within_limits(*line, ast.instructions.size(), emitter)) {
      // Where its heredocs end is not known, so nothing is said of what follows.
      return ast;
    }
    Instruction instruction = parser.parse(*line);
    const Bodies bodies = read_bodies(reader, instruction, emitter);
    ast.instructions.push_back(std::move(instruction));
    if (bodies == Bodies::Unterminated) {
      // All that follows is the heredoc's.
      break;
    }
  }
  check_syntax(ast, scope, text, emitter);
  return ast;
}

}  // namespace strata::frontend::dockerfile
