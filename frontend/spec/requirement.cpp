// PEP 508: `name[extras] versions ; marker` or `name[extras] @ url ; marker`.
#include "frontend/spec/requirement.h"

#include <array>
#include <optional>

#include "ir/base/text.h"

namespace strata::frontend::spec {
namespace {

constexpr int kMaxParentheses = 50;
constexpr std::array<std::string_view, 8> kComparisons = {
    "===", "~=", "==", "!=", "<=", ">=", "<", ">"};
constexpr std::array<std::string_view, 12> kMarkerVariables = {"os_name",
                                                               "sys_platform",
                                                               "platform_machine",
                                                               "platform_python_implementation",
                                                               "platform_release",
                                                               "platform_system",
                                                               "platform_version",
                                                               "python_version",
                                                               "python_full_version",
                                                               "implementation_name",
                                                               "implementation_version",
                                                               "extra"};

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_name_char(char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; }
bool is_version_char(char c) { return is_name_char(c) || c == '*' || c == '+' || c == '!'; }

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string normalize_name(std::string_view name) {
  std::string out;
  for (const char c : ascii_lower(name)) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator) {
      out += c;
    } else if (out.empty() || out.back() != '-') {
      out += '-';
    }
  }
  return out;
}

// Each step returns false once error_ is set.
class RequirementParser {
 public:
  explicit RequirementParser(std::string_view text) : text_(text) {}

  std::variant<Requirement, RequirementError> run() {
    if (name() && extras() && (at_url() ? url() : versions()) && marker()) {
      return std::move(result_);
    }
    return std::move(error_);
  }

 private:
  bool fail(std::string message, std::string advice = {}) {
    error_ = {std::move(message), std::move(advice)};
    return false;
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
  }
  bool done() const { return at_ == text_.size(); }
  bool accept(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) {
      return false;
    }
    at_ += token.size();
    return true;
  }
  template <typename Predicate>
  std::string_view take_while(Predicate predicate) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && predicate(text_[at_])) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  std::string_view rest() const { return text_.substr(at_); }

  // An identifier begins and ends with a letter or digit.
  std::optional<std::string_view> identifier() {
    const std::string_view word = take_while(is_name_char);
    if (word.empty() || !is_alnum(word.front()) || !is_alnum(word.back())) {
      return std::nullopt;
    }
    return word;
  }

  bool name() {
    skip_space();
    if (done()) {
      return fail("an empty string is not a requirement");
    }
    if (text_.find("://") != std::string_view::npos && text_.find('@') == std::string_view::npos) {
      return fail(quoted(text_) + " is a URL without a name", "write `name @ url`");
    }
    const std::size_t begin = at_;
    const auto word = identifier();
    if (!word) {
      return fail(quoted(text_.substr(begin)) + " does not begin with a package name");
    }
    result_.name = normalize_name(*word);
    return true;
  }

  bool extras() {
    skip_space();
    if (!accept("[")) {
      return true;
    }
    result_.constraint += '[';
    skip_space();
    while (!accept("]")) {
      const auto extra = identifier();
      if (!extra) {
        return fail("the extras of " + quoted(text_) + " are not names between `[` and `]`");
      }
      result_.constraint += normalize_name(*extra);
      skip_space();
      if (accept(",")) {
        result_.constraint += ',';
        skip_space();
      } else if (!rest().starts_with("]")) {
        return fail("the extras of " + quoted(text_) + " are not names between `[` and `]`");
      }
    }
    result_.constraint += ']';
    return true;
  }

  bool at_url() {
    skip_space();
    return accept("@");
  }

  bool url() {
    skip_space();
    const std::string_view url = take_while([](char c) { return !is_space(c); });
    if (url.find(':') == std::string_view::npos) {
      return fail(quoted(url) + " is not a URL");
    }
    for (const char c : url) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        return fail("the URL of `" + result_.name + "` holds a control character");
      }
    }
    result_.constraint += '@';
    result_.constraint += url;
    skip_space();
    if (!done() && !rest().starts_with(";")) {
      return fail(quoted(rest()) + " after a URL", "a marker is ` ; marker`");
    }
    return true;
  }

  bool versions() {
    skip_space();
    const bool parenthesized = accept("(");
    skip_space();
    while (!done() && !rest().starts_with(";") && !rest().starts_with(")")) {
      if (!version()) {
        return false;
      }
      skip_space();
      if (!accept(",")) {
        break;
      }
      result_.constraint += ',';
      skip_space();
    }
    if (parenthesized && !accept(")")) {
      return fail("`(` is never closed in " + quoted(text_));
    }
    skip_space();
    if (!done() && !rest().starts_with(";")) {
      return fail(quoted(rest()) + " after the versions of `" + result_.name + "`",
                  "one requirement a string; comparisons are separated by `,`");
    }
    return true;
  }

  bool version() {
    for (const std::string_view comparison : kComparisons) {
      if (!accept(comparison)) {
        continue;
      }
      skip_space();
      const std::string_view number = take_while(is_version_char);
      if (number.empty()) {
        return fail("no version after " + quoted(comparison));
      }
      result_.constraint += comparison;
      result_.constraint += number;
      return true;
    }
    const std::string_view found = rest();
    if (found.starts_with("=")) {
      return fail("`=` is not a version comparison", "write `==`");
    }
    return fail(quoted(found) + " is not a version comparison",
                is_alnum(found.front()) ? "one requirement a string" : "");
  }

  bool marker() {
    skip_space();
    if (done()) {
      return true;
    }
    accept(";");
    if (!marker_or(0)) {
      return false;
    }
    skip_space();
    return done() || fail(quoted(rest()) + " after the marker of `" + result_.name + "`");
  }

  void add_marker(std::string_view token) {
    if (!result_.marker.empty()) {
      result_.marker += ' ';
    }
    result_.marker += token;
  }

  bool accept_word(std::string_view word) {
    const std::size_t begin = at_;
    skip_space();
    if (accept(word) && (done() || !is_name_char(rest().front()))) {
      add_marker(word);
      return true;
    }
    at_ = begin;
    return false;
  }

  bool marker_or(int depth) {
    do {
      do {
        if (!marker_comparison(depth)) {
          return false;
        }
      } while (accept_word("and"));
    } while (accept_word("or"));
    return true;
  }

  bool marker_comparison(int depth) {
    skip_space();
    if (accept("(")) {
      if (depth >= kMaxParentheses) {
        return fail("the marker of `" + result_.name + "` nests too deep");
      }
      add_marker("(");
      if (!marker_or(depth + 1)) {
        return false;
      }
      skip_space();
      if (!accept(")")) {
        return fail("`(` is never closed in the marker of `" + result_.name + "`");
      }
      add_marker(")");
      return true;
    }
    return marker_operand() && marker_operator() && marker_operand();
  }

  bool marker_operand() {
    skip_space();
    if (!done() && (rest().front() == '"' || rest().front() == '\'')) {
      const std::size_t end = text_.find(rest().front(), at_ + 1);
      if (end == std::string_view::npos) {
        return fail("a string is never closed in the marker of `" + result_.name + "`");
      }
      add_marker("'" + std::string(text_.substr(at_ + 1, end - at_ - 1)) + "'");
      at_ = end + 1;
      return true;
    }
    const std::string_view word = take_while(is_name_char);
    for (const std::string_view variable : kMarkerVariables) {
      if (word == variable) {
        add_marker(word);
        return true;
      }
    }
    return fail((word.empty() ? quoted(rest()) : quoted(word)) +
                    " is not a marker variable or a quoted string",
                "as in `; python_version < \"3.11\"`");
  }

  bool marker_operator() {
    skip_space();
    for (const std::string_view comparison : kComparisons) {
      if (accept(comparison)) {
        add_marker(comparison);
        return true;
      }
    }
    if (accept_word("in") || (accept_word("not") && accept_word("in"))) {
      return true;
    }
    return fail(quoted(rest()) + " is not a comparison of markers");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Requirement result_;
  RequirementError error_;
};

}  // namespace

std::variant<Requirement, RequirementError> parse_requirement(std::string_view text) {
  return RequirementParser(text).run();
}

}  // namespace strata::frontend::spec
