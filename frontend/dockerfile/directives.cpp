// Parser directives: comments of the form `# name=value` before anything else in the file.
#include "frontend/dockerfile/directives.h"

#include <algorithm>
#include <array>

#include "ir/base/text.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kDuplicateDirective{Kind::DuplicateDirective,
                                                         "directive `{}` is given twice"};
constexpr DiagnosticDef<std::string> kBadEscape{
    Kind::BadDirective, "escape character `{}` is neither `\\` nor a backtick"};

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::array<std::string_view, 3> kNames = {"check", "escape", "syntax"};

std::string_view trim(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::size_t end = text.find_last_not_of(kBlanks);
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

Word word_of(const Ast& ast, std::string_view text, std::string_view piece) {
  const auto begin = static_cast<std::uint32_t>(piece.data() - text.data());
  return {.text = std::string(piece),
          .loc = {ast.file, begin, begin + static_cast<std::uint32_t>(piece.size())},
          .heredoc = {}};
}

// Nullopt when the line is no directive that is known: it ends the directives.
std::optional<Directive> parse_line(std::string_view line, std::string_view text, const Ast& ast) {
  std::string_view rest = trim(line);
  if (!rest.starts_with('#')) {
    return std::nullopt;
  }
  rest = trim(rest.substr(1));
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view name = trim(rest.substr(0, equals));
  const std::string_view value = trim(rest.substr(equals + 1));
  if (value.empty() || std::find(kNames.begin(), kNames.end(), ascii_lower(name)) == kNames.end()) {
    return std::nullopt;
  }
  Directive directive{word_of(ast, text, name), word_of(ast, text, value)};
  directive.name.text = ascii_lower(name);
  return directive;
}

void check(const Directive& directive, Ast& ast, Emitter& emitter) {
  const bool twice =
      std::any_of(ast.directives.begin(), ast.directives.end(),
                  [&](const Directive& other) { return other.name.text == directive.name.text; });
  if (twice) {
    emitter.emit(directive.name.loc, kDuplicateDirective, directive.name.text);
    return;
  }
  if (directive.name.text == "escape") {
    if (directive.value.text == "\\" || directive.value.text == "`") {
      ast.escape = directive.value.text[0];
    } else {
      emitter.emit(directive.value.loc, kBadEscape, directive.value.text);
    }
  }
}

}  // namespace

std::uint32_t read_directives(std::string_view text, Ast& ast, Emitter& emitter) {
  std::size_t offset = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  bool interpreter_line = false;
  if (text.substr(offset).starts_with("#!")) {
    // After an interpreter line `escape` is a mere comment.
    interpreter_line = true;
    offset = std::min(text.find('\n', offset), text.size() - 1) + 1;
  }
  while (offset < text.size()) {
    const std::size_t end = std::min(text.find('\n', offset), text.size());
    const auto directive = parse_line(text.substr(offset, end - offset), text, ast);
    if (!directive || (interpreter_line && directive->name.text == "escape")) {
      break;
    }
    check(*directive, ast, emitter);
    ast.directives.push_back(*directive);
    offset = std::min(end + 1, text.size());
  }
  return static_cast<std::uint32_t>(offset);
}

}  // namespace strata::frontend::dockerfile
