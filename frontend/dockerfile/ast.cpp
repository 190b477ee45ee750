// The Dockerfile syntax tree's small accessors.
#include "frontend/dockerfile/ast.h"

#include <array>

namespace strata::frontend::dockerfile {
namespace {

// In the order of Keyword.
constexpr std::array<std::string_view, 18> kTexts = {
    "ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
    "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};

}  // namespace

std::string_view keyword_text(Keyword keyword) {
  const auto index = static_cast<std::size_t>(keyword);
  return index < kTexts.size() ? kTexts[index] : std::string_view();
}

const std::vector<std::string>& keyword_texts() {
  static const std::vector<std::string> texts(kTexts.begin(), kTexts.end());
  return texts;
}

Loc Word::part(std::size_t begin, std::size_t end) const {
  if (loc.end - loc.begin != text.size()) {
    return loc;
  }
  return {loc.file, loc.begin + static_cast<std::uint32_t>(begin),
          loc.begin + static_cast<std::uint32_t>(end)};
}

std::string Heredoc::content() const {
  if (tabs == Tabs::Keep) {
    return body;
  }
  std::string result;
  bool at_line_start = true;
  for (const char c : body) {
    if (at_line_start && c == '\t') {
      continue;
    }
    at_line_start = c == '\n';
    result += c;
  }
  return result;
}

const Flag* Instruction::flag(std::string_view flag_name) const {
  const Flag* found = nullptr;
  for (const Flag& flag : flags) {
    if (flag.name.text == flag_name) {
      found = &flag;
    }
  }
  return found;
}

}  // namespace strata::frontend::dockerfile
