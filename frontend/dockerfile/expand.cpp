// Variable expansion as BuildKit's Dockerfile frontend does it.
#include "frontend/dockerfile/expand.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace strata::frontend::dockerfile {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r\n";
// `ENV a=$a$a` doubles a value with each line; no honest file comes near this.
constexpr std::size_t kLargestExpansion = std::size_t{16} << 20U;
// Characters of a value times those of a pattern or replacement.
constexpr std::size_t kLargestMatch = std::size_t{64} << 20U;
constexpr int kDeepestNesting = 100;
constexpr std::string_view kBudgetSpent = "expansions of the file come to more than 64 MiB";
static_assert(Budget::kTextMebibytes == 64);

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 1;
};

CodePoint code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : byte(0) >= 0xC0 ? 2 : 1;
  if (size == 1 || size > text.size()) {
    return {byte(0), 1};
  }
  std::uint32_t value = byte(0) & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    value = value << 6U | (byte(i) & 0x3FU);
  }
  return {value, size};
}

// Letters of a name: exact for ASCII, the letter blocks of Unicode beyond it.
bool is_name_character(std::uint32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  return (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) || (c >= 0x2C00 && c < 0x2E00) ||
         (c >= 0x3040 && c < 0xD800) || (c >= 0xF900 && c < 0xFE00) ||
         (c >= 0x10000 && c < 0x1F000);
}

// Collects a result and, beside it, the words that unquoted blanks split it into.
class Output {
 public:
  // Text that is never split.
  void add_quoted(std::string_view text) {
    text_ += text;
    if (!in_word_) {
      words_.emplace_back();
      in_word_ = true;
    }
    words_.back() += text;
  }
  void add(std::string_view text) {
    text_ += text;
    for (const char c : text) {
      if (kBlanks.find(c) != std::string_view::npos) {
        in_word_ = false;
        continue;
      }
      if (!in_word_) {
        words_.emplace_back();
        in_word_ = true;
      }
      words_.back() += c;
    }
  }

  std::string text_;
  std::vector<std::string> words_;

 private:
  bool in_word_ = false;
};

class Expander {
 public:
  Expander(std::string_view input, const Lookup& lookup, const ExpandOptions& options)
      : input_(input), lookup_(&lookup), options_(options) {}

  // False after an error.
  bool run(Output& output) { return until(std::nullopt, Escapes::Drop, output); }
  [[nodiscard]] const ExpandError& error() const { return error_; }

 private:
  // Keep: a pattern or replacement, whose reader wants the escapes.
  enum class Escapes { Drop, Keep };

  [[nodiscard]] bool at_end() const { return position_ >= input_.size(); }
  [[nodiscard]] char peek() const { return input_[position_]; }
  bool fail(std::size_t begin, std::string message) {
    error_ = {std::move(message), begin, std::min(std::max(position_, begin + 1), input_.size())};
    return false;
  }

  bool until(std::optional<char> stop, Escapes escapes, Output& output);
  bool single_quoted(Output& output);
  bool double_quoted(Escapes escapes, Output& output);
  bool dollar(std::string& result);
  bool braces(std::size_t begin, std::string& result);
  bool defaulted(std::size_t begin, const std::string& variable, std::string_view modifier,
                 std::string& result);
  bool trimmed(std::size_t begin, const std::string& variable, char modifier, std::string& result);
  bool replaced(std::size_t begin, const std::string& variable, std::string& result);
  bool operand(std::size_t begin, char stop, Escapes escapes, std::string& result);
  std::string name();
  [[nodiscard]] std::string value_of(const std::string& variable) const {
    const std::string* value = (*lookup_)(variable);
    return value == nullptr ? std::string() : *value;
  }
  [[nodiscard]] bool take_matching(std::size_t steps) const {
    return steps <= kLargestMatch &&
           (options_.budget == nullptr || options_.budget->take_matching(steps));
  }

  std::string_view input_;
  const Lookup* lookup_;
  ExpandOptions options_;
  std::size_t position_ = 0;
  int depth_ = 0;
  ExpandError error_;
};

// The name at the position, which moves behind it; empty when there is none.
std::string Expander::name() {
  const std::size_t begin = position_;
  if (at_end()) {
    return {};
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (is_digit(peek())) {
    while (!at_end() && is_digit(peek())) {
      ++position_;
    }
  } else if (std::string_view("@*#?-$!").find(peek()) != std::string_view::npos) {
    ++position_;
  } else {
    while (!at_end()) {
      const CodePoint c = code_point(input_.substr(position_));
      if (!is_name_character(c.value)) {
        break;
      }
      position_ += c.size;
    }
  }
  return std::string(input_.substr(begin, position_ - begin));
}

bool Expander::single_quoted(Output& output) {
  const std::size_t begin = position_;
  const std::size_t end = input_.find('\'', begin + 1);
  if (end == std::string_view::npos) {
    return fail(begin, "quote ' is not closed");
  }
  output.add_quoted(input_.substr(begin + 1, end - begin - 1));
  position_ = end + 1;
  return true;
}

bool Expander::double_quoted(Escapes escapes, Output& output) {
  const std::size_t begin = position_++;
  output.add_quoted("");
  while (!at_end()) {
    const char c = peek();
    if (c == '"') {
      ++position_;
      return true;
    }
    if (c == '$') {
      std::string value;
      if (!dollar(value)) {
        return false;
      }
      output.add_quoted(value);
      continue;
    }
    ++position_;
    if (c != options_.escape) {
      output.add_quoted({&c, 1});
      continue;
    }
    if (at_end()) {
      break;
    }
    const char next = peek();
    const bool escapable = next == '"' || next == '$' || next == options_.escape;
    if (!escapable || escapes == Escapes::Keep) {
      output.add_quoted({&c, 1});
    }
    output.add_quoted({&next, 1});
    ++position_;
  }
  position_ = begin + 1;
  return fail(begin, "quote \" is not closed");
}

bool Expander::until(std::optional<char> stop, Escapes escapes, Output& output) {
  while (!at_end()) {
    if (output.text_.size() > kLargestExpansion) {
      return fail(position_, "expansion is larger than 16 MiB");
    }
    const char c = peek();
    if (stop && c == *stop) {
      ++position_;
      return true;
    }
    const bool quotes = options_.quotes == ExpandOptions::Quotes::Remove;
    if (quotes && c == '\'') {
      if (!single_quoted(output)) {
        return false;
      }
    } else if (quotes && c == '"') {
      if (!double_quoted(escapes, output)) {
        return false;
      }
    } else if (c == '$') {
      std::string value;
      if (!dollar(value)) {
        return false;
      }
      output.add(value);
    } else if (c == options_.escape) {
      if (escapes == Escapes::Keep) {
        output.add_quoted({&c, 1});
      }
      ++position_;
      if (!at_end()) {
        output.add_quoted(input_.substr(position_, 1));
        ++position_;
      }
    } else {
      output.add({&c, 1});
      ++position_;
    }
  }
  return !stop;
}

bool Expander::operand(std::size_t begin, char stop, Escapes escapes, std::string& result) {
  if (++depth_ > kDeepestNesting) {
    return fail(begin, "substitutions are nested more than 100 deep");
  }
  Output output;
  const bool complete = until(stop, escapes, output);
  --depth_;
  if (!complete && error_.message.empty()) {
    return fail(begin, std::string("substitution lacks its `") + stop + "`");
  }
  result = std::move(output.text_);
  return complete;
}

bool Expander::dollar(std::string& result) {
  const std::size_t begin = position_++;
  if (at_end() || peek() != '{') {
    const std::string variable = name();
    result = variable.empty() ? "$" : value_of(variable);
  } else {
    ++position_;
    if (!braces(begin, result)) {
      return false;
    }
  }
  if (options_.budget != nullptr && !options_.budget->take_text(result.size())) {
    return fail(begin, std::string(kBudgetSpent));
  }
  return true;
}

bool Expander::braces(std::size_t begin, std::string& result) {
  if (at_end()) {
    return fail(begin, "substitution lacks its `}`");
  }
  const std::string variable = name();
  if (variable.empty()) {
    ++position_;
    return fail(begin, "substitution names no variable");
  }
  if (at_end()) {
    return fail(begin, "substitution lacks its `}`");
  }
  const char modifier = input_[position_];
  if (kBlanks.find(modifier) != std::string_view::npos) {
    return fail(begin, "substitution lacks its `}`");
  }
  ++position_;
  switch (modifier) {
    case '}':
      result = value_of(variable);
      return true;
    case '-':
    case '+':
    case '?':
      return defaulted(begin, variable, {&modifier, 1}, result);
    case '#':
    case '%':
      return trimmed(begin, variable, modifier, result);
    case '/':
      return replaced(begin, variable, result);
    default:
      break;
  }
  std::string shown(1, modifier);
  if (modifier == ':' && !at_end()) {
    shown += input_[position_++];
    if (shown == ":-" || shown == ":+" || shown == ":?") {
      return defaulted(begin, variable, shown, result);
    }
  }
  return fail(begin, "modifier `" + shown + "` of a substitution is not supported");
}

bool Expander::defaulted(std::size_t begin, const std::string& variable, std::string_view modifier,
                         std::string& result) {
  std::string word;
  const std::string kind(modifier);
  if (!operand(begin, '}', Escapes::Drop, word)) {
    return false;
  }
  const std::string* value = (*lookup_)(variable);
  const bool empty_counts = kind.size() == 2;
  const bool missing = value == nullptr || (empty_counts && value->empty());
  switch (kind.back()) {
    case '-':
      result = missing ? word : *value;
      return true;
    case '+':
      result = missing ? "" : word;
      return true;
    default:
      break;
  }
  if (!missing) {
    result = *value;
    return true;
  }
  if (word.empty()) {
    word = value != nullptr ? "is not allowed to be empty" : "is not allowed to be unset";
  }
  return fail(begin, variable + ": " + word);
}

bool Expander::trimmed(std::size_t begin, const std::string& variable, char modifier,
                       std::string& result) {
  auto length = ShellPattern::Length::Shortest;
  std::string word;
  if (!operand(begin, '}', Escapes::Keep, word)) {
    return false;
  }
  if (word.starts_with(modifier)) {
    length = ShellPattern::Length::Longest;
    word.erase(0, 1);
  }
  const auto pattern = ShellPattern::parse(word);
  if (!pattern) {
    return fail(begin, "escape in pattern `" + word + "` is not supported");
  }
  const std::string value = value_of(variable);
  if (!take_matching(word.size() * value.size())) {
    return fail(begin, "value is too long for a pattern");
  }
  result =
      modifier == '#' ? pattern->trim_prefix(value, length) : pattern->trim_suffix(value, length);
  return true;
}

bool Expander::replaced(std::size_t begin, const std::string& variable, std::string& result) {
  auto occurrences = ShellPattern::Occurrences::First;
  if (!at_end() && peek() == '/') {
    ++position_;
    occurrences = ShellPattern::Occurrences::All;
  }
  std::string word;
  std::string replacement;
  if (!operand(begin, '/', Escapes::Keep, word) ||
      !operand(begin, '}', Escapes::Keep, replacement)) {
    return false;
  }
  const auto pattern = ShellPattern::parse(word);
  if (!pattern) {
    return fail(begin, "escape in pattern `" + word + "` is not supported");
  }
  const std::string value = value_of(variable);
  if (!take_matching((word.size() + replacement.size()) * value.size())) {
    return fail(begin, "value is too long for a replacement");
  }
  result = pattern->replace(value, replacement, occurrences);
  return true;
}

}  // namespace

std::variant<std::string, ExpandError> expand(std::string_view word, const Lookup& lookup,
                                              const ExpandOptions& options) {
  Expander expander(word, lookup, options);
  Output output;
  if (!expander.run(output)) {
    return expander.error();
  }
  return std::move(output.text_);
}

std::variant<std::vector<std::string>, ExpandError> expand_words(std::string_view text,
                                                                 const Lookup& lookup,
                                                                 const ExpandOptions& options) {
  Expander expander(text, lookup, options);
  Output output;
  if (!expander.run(output)) {
    return expander.error();
  }
  return std::move(output.words_);
}

}  // namespace strata::frontend::dockerfile
