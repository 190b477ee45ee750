// Golden files as values.
#include "tests/golden_file.h"

#include <fmt/format.h>

#include <charconv>

namespace strata::golden {
namespace {

constexpr std::string_view kHeader = "#---- ";

// Takes the first line of `rest`, its line break included.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::size_t size = end == std::string_view::npos ? rest.size() : end + 1;
  const std::string_view line = rest.substr(0, size);
  rest.remove_prefix(size);
  return line;
}

// The lines up to the next header.
std::string_view take_body(std::string_view& rest) {
  const char* const begin = rest.data();
  while (!rest.empty() && !rest.starts_with(kHeader)) {
    take_line(rest);
  }
  return {begin, static_cast<std::size_t>(rest.data() - begin)};
}

std::string unquote(std::string_view body) {
  std::string text;
  while (!body.empty()) {
    std::string_view line = take_line(body);
    line.remove_prefix(std::min<std::size_t>(line.starts_with("# ") ? 2 : 1, line.size()));
    text += line;
  }
  return text;
}

std::string quote(std::string_view text) {
  std::string quoted;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    quoted += line == "\n" ? "#" : "# ";
    quoted += line;
    // A golden file's lines all end; a last line without a break is compared with one.
    quoted += line.ends_with('\n') ? "" : "\n";
  }
  return quoted;
}

}  // namespace

GoldenFile parse_golden(std::string_view text, const std::string& default_name) {
  GoldenFile golden;
  golden.input_name = default_name;
  golden.input = take_body(text);
  while (!text.empty()) {
    std::string_view header = take_line(text);
    header.remove_prefix(kHeader.size());
    header = header.substr(0, header.find_last_not_of("\r\n") + 1);
    const std::size_t colon = header.find(": ");
    const std::string_view name = header.substr(0, colon);
    const std::string value(colon == std::string_view::npos ? "" : header.substr(colon + 2));
    const std::string_view body = take_body(text);
    if (name == "INPUT") {
      golden.input_name = value;
    } else if (name == "FILE") {
      golden.files.emplace_back(value, body);
    } else if (name == "RUN") {
      golden.runs.push_back({value, unquote(body), {}, 0});
    } else if (name == "STDERR" && !golden.runs.empty()) {
      golden.runs.back().err = unquote(body);
    } else if (name == "EXIT" && !golden.runs.empty()) {
      std::from_chars(value.data(), value.data() + value.size(), golden.runs.back().exit_code);
    } else {
      return {golden.input_name, golden.input, {}, {}};
    }
  }
  return golden;
}

std::string format_golden(const GoldenFile& golden, const std::string& default_name) {
  std::string text = golden.input;
  if (!text.empty() && !text.ends_with('\n')) {
    text += '\n';
  }
  if (golden.input_name != default_name) {
    text += fmt::format("{}INPUT: {}\n", kHeader, golden.input_name);
  }
  for (const auto& [name, content] : golden.files) {
    text += fmt::format("{}FILE: {}\n{}", kHeader, name, content);
  }
  for (const GoldenRun& run : golden.runs) {
    text += fmt::format("{}RUN: {}\n{}", kHeader, run.command, quote(run.out));
    if (!run.err.empty()) {
      text += fmt::format("{}STDERR\n{}", kHeader, quote(run.err));
    }
    if (run.exit_code != 0) {
      text += fmt::format("{}EXIT: {}\n", kHeader, run.exit_code);
    }
  }
  return text;
}

}  // namespace strata::golden
