#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/source.h"

namespace strata {

enum class Severity { Error, Warning, Info, Style };
enum class DiagnosticGroup { Dockerfile, Spec, Ir, Build };

enum class Kind {
#define STRATA_DIAGNOSTIC(name, severity, group) name,
#include "ir/base/diagnostic_kinds.def"
#undef STRATA_DIAGNOSTIC
};

// The public code of a kind, as in `[UnknownInstruction]`.
[[nodiscard]] std::string_view kind_name(Kind kind);
[[nodiscard]] Severity kind_severity(Kind kind);
[[nodiscard]] DiagnosticGroup kind_group(Kind kind);
// Every kind, in the order of diagnostic_kinds.def.
[[nodiscard]] const std::vector<Kind>& all_kinds();
// `error`, `warning`, `info`, `style`
[[nodiscard]] std::string_view severity_name(Severity severity);

// A second range that belongs to a diagnostic, drawn with `-` under it.
struct Label {
  Loc loc;
  std::string text;
};

// A line below the snippet. With a location it is rendered as `file:line:column: note: …`.
struct Note {
  std::optional<Loc> loc;
  std::string text;
};

// Replace `loc` by `replacement` (an empty range inserts). `text` says so to people ("did you mean
// `RUN`?").
struct FixIt {
  Loc loc;
  std::string replacement;
  std::string text;
};

// Text: lower case, no full stop, code in backticks; what was found before any advice.
struct Diagnostic {
  Kind kind{};
  Severity severity = Severity::Error;
  // The narrowest wrong range; may be not valid when no source text is to blame (a command-line
  // value).
  Loc loc;
  std::string message;
  std::vector<Label> labels;
  std::vector<Note> notes;
  std::vector<FixIt> fixes;
  // What to do next when no text can be replaced: a command, say.
  std::vector<std::string> helps;
};

// Ties a kind to its text where it is emitted; arguments are checked at compile time:
//   constexpr DiagnosticDef<std::string_view> kUnknownInstruction{Kind::UnknownInstruction,
//                                                                 "unknown instruction `{}`"};
template <typename... Args>
struct DiagnosticDef {
  Kind kind;
  fmt::format_string<const Args&...> text;
};

}  // namespace strata
