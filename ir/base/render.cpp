// Diagnostics as text with snippets, and as JSON.
#include "ir/base/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/base/canonical_json.h"
#include "ir/base/text.h"

namespace strata {
namespace {

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kRed = "\033[1;31m";
constexpr std::string_view kMagenta = "\033[1;35m";
constexpr std::string_view kCyan = "\033[1;36m";
constexpr std::string_view kGreen = "\033[1;32m";
constexpr std::string_view kReset = "\033[0m";

// A line of a generated file may be megabytes; a terminal shows this much of it.
constexpr std::size_t kMaxSnippet = 160;

std::string_view severity_style(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return kRed;
    case Severity::Warning:
      return kMagenta;
    case Severity::Info:
    case Severity::Style:
      return kCyan;
  }
  return kRed;
}

std::string styled(std::string_view text, std::string_view style, Color color) {
  return color == Color::Always ? fmt::format("{}{}{}", style, text, kReset) : std::string(text);
}

// Columns that `bytes` take once printed: UTF-8 continuation bytes take none.
std::size_t width(std::string_view bytes) {
  const std::string shown = printable(bytes);
  return static_cast<std::size_t>(std::count_if(shown.begin(), shown.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

struct Marker {
  Loc loc;
  char mark = '^';
  std::string text;
};

// The source line of `marker.loc` and, under it, its range on that line.
void append_snippet(std::string& out, const Marker& marker, const SourceMap& sources, Color color,
                    std::string_view style) {
  const SourceFile& file = sources.file(marker.loc.file);
  const LineColumn at = file.line_column(marker.loc.begin);
  const std::string_view line = file.line(at.line);
  const std::size_t begin = std::min<std::size_t>(at.column - 1, line.size());
  const std::size_t length = marker.loc.end - marker.loc.begin;
  const std::size_t end = std::min(begin + length, line.size());
  // A window of the line that holds the range's begin; characters stay whole.
  std::size_t from = line.size() > kMaxSnippet && begin > kMaxSnippet / 2 ? begin - 40 : 0;
  while (from > 0 && is_continuation(line[from])) {
    --from;
  }
  std::size_t to = std::min(line.size(), from + kMaxSnippet);
  while (to < line.size() && is_continuation(line[to])) {
    ++to;
  }
  const std::string_view shown = line.substr(from, to - from);
  const std::size_t mark_end = std::max(begin, std::min(end, to));
  const std::size_t marks = std::max<std::size_t>(1, width(line.substr(begin, mark_end - begin)));
  const std::string number = fmt::format("{:>5}", at.line);
  fmt::format_to(std::back_inserter(out), "{} | {}{}{}\n", number, from > 0 ? "…" : "",
                 printable(shown), to < line.size() ? "…" : "");
  const std::size_t indent = width(line.substr(from, begin - from)) + (from > 0 ? 1 : 0);
  std::string under(marks, marker.mark);
  if (!marker.text.empty()) {
    under += ' ';
    under += printable(marker.text);
  }
  fmt::format_to(std::back_inserter(out), "{:5} | {:{}}{}\n", "", "", indent,
                 styled(under, style, color));
}

std::string place(Loc loc, const SourceMap& sources) {
  return loc.valid() ? printable(sources.describe(loc)) + ": " : std::string("strata: ");
}

void write_start(CanonicalJson& json, Loc loc, const SourceMap& sources) {
  const LineColumn at = sources.file(loc.file).line_column(loc.begin);
  json.key("line").integer(at.line);
}

void write_range(CanonicalJson& json, Loc loc, const SourceMap& sources) {
  const SourceFile& file = sources.file(loc.file);
  const LineColumn begin = file.line_column(loc.begin);
  const LineColumn end = file.line_column(loc.end);
  json.key("column").integer(begin.column);
  json.key("endColumn").integer(end.column);
  json.key("endLine").integer(end.line);
}

void write_fix(CanonicalJson& json, const FixIt& fix, const SourceMap& sources) {
  json.begin_object();
  if (fix.loc.valid()) {
    write_range(json, fix.loc, sources);
    write_start(json, fix.loc, sources);
  }
  json.key("replacement").string(fix.replacement);
  json.key("text").string(fix.text);
  json.end_object();
}

void write_note(CanonicalJson& json, const std::optional<Loc>& loc, const std::string& text,
                const SourceMap& sources) {
  json.begin_object();
  if (loc.has_value() && loc->valid()) {
    json.key("column").integer(sources.file(loc->file).line_column(loc->begin).column);
    json.key("file").string(sources.file(loc->file).name());
    write_start(json, *loc, sources);
  }
  json.key("message").string(text);
  json.end_object();
}

}  // namespace

std::string render_text(const Diagnostic& diagnostic, const SourceMap& sources, Color color) {
  const std::string_view style = severity_style(diagnostic.severity);
  std::string out = styled(place(diagnostic.loc, sources), kBold, color);
  out += styled(fmt::format("{}:", severity_name(diagnostic.severity)), style, color);
  fmt::format_to(std::back_inserter(out), " {} [{}]\n",
                 styled(printable_lines(diagnostic.message), kBold, color),
                 kind_name(diagnostic.kind));
  if (diagnostic.loc.valid()) {
    const std::string advice = diagnostic.fixes.empty() ? "" : diagnostic.fixes.front().text;
    append_snippet(out, {diagnostic.loc, '^', advice}, sources, color, kGreen);
  }
  for (const Label& label : diagnostic.labels) {
    if (label.loc.valid()) {
      append_snippet(out, {label.loc, '-', label.text}, sources, color, kCyan);
    }
  }
  for (const Note& note : diagnostic.notes) {
    const bool placed = note.loc.has_value() && note.loc->valid();
    out += placed ? place(*note.loc, sources) : std::string("  ");
    out += styled("note:", kCyan, color);
    fmt::format_to(std::back_inserter(out), " {}\n", printable_lines(note.text));
    if (placed) {
      append_snippet(out, {*note.loc, '-', {}}, sources, color, kCyan);
    }
  }
  const auto append_help = [&](const std::string& text) {
    fmt::format_to(std::back_inserter(out), "  {} {}\n", styled("help:", kGreen, color),
                   printable_lines(text));
  };
  // The first fix stands under the caret; without a caret, and for the others, a line each.
  for (std::size_t i = diagnostic.loc.valid() ? 1 : 0; i < diagnostic.fixes.size(); ++i) {
    append_help(diagnostic.fixes[i].text);
  }
  for (const std::string& help : diagnostic.helps) {
    append_help(help);
  }
  return out;
}

std::string render_json(const Diagnostic& diagnostic, const SourceMap& sources) {
  CanonicalJson json;
  json.begin_object();
  json.key("code").string(kind_name(diagnostic.kind));
  if (diagnostic.loc.valid()) {
    write_range(json, diagnostic.loc, sources);
    json.key("file").string(sources.file(diagnostic.loc.file).name());
  }
  json.key("fixes").begin_array();
  for (const FixIt& fix : diagnostic.fixes) {
    write_fix(json, fix, sources);
  }
  json.end_array();
  json.key("helps").begin_array();
  for (const std::string& help : diagnostic.helps) {
    json.string(help);
  }
  json.end_array();
  if (diagnostic.loc.valid()) {
    write_start(json, diagnostic.loc, sources);
  }
  json.key("message").string(diagnostic.message);
  json.key("notes").begin_array();
  for (const Label& label : diagnostic.labels) {
    write_note(json, label.loc, label.text, sources);
  }
  for (const Note& note : diagnostic.notes) {
    write_note(json, note.loc, note.text, sources);
  }
  json.end_array();
  json.key("severity").string(severity_name(diagnostic.severity));
  json.end_object();
  return json.take();
}

void JsonConsumer::consume(Diagnostic diagnostic) {
  if (!items_.empty()) {
    items_ += ',';
  }
  items_ += render_json(diagnostic, *sources_);
}

void JsonConsumer::finish() {
  if (items_.empty()) {
    return;
  }
  *out_ += '[';
  *out_ += items_;
  *out_ += "]\n";
}

}  // namespace strata
