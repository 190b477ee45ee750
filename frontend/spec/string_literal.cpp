// String literals: Python's escapes, and the dedenting of triple-quoted texts.
#include "frontend/spec/string_literal.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "ir/base/text.h"

namespace strata::frontend::spec {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return 99;
}

struct Number {
  std::uint32_t value = 0;
  std::size_t digits = 0;
};

Number read_digits(std::string_view text, std::size_t begin, std::size_t at_most, int base) {
  Number number;
  while (number.digits < at_most && begin + number.digits < text.size()) {
    const int digit = digit_value(text[begin + number.digits]);
    if (digit >= base) {
      break;
    }
    number.value =
        number.value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
    ++number.digits;
  }
  return number;
}

std::optional<char> simple_escape(char c) {
  switch (c) {
    case '\\':
    case '\'':
    case '"':
      return c;
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return std::nullopt;
  }
}

class Unescaper {
 public:
  Unescaper(std::string_view text, const BadEscape& bad_escape)
      : text_(text), bad_escape_(bad_escape) {}

  std::string run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        escape();
      } else {
        ++at_;
        out_ += c;
      }
    }
    return std::move(out_);
  }

 private:
  void escape() {
    const char c = text_[at_ + 1];
    if (c == '\n') {
      at_ += 2;
    } else if (const auto simple = simple_escape(c)) {
      out_ += *simple;
      at_ += 2;
    } else if (c >= '0' && c <= '7') {
      const Number number = read_digits(text_, at_ + 1, 3, 8);
      append_utf8(out_, number.value);
      at_ += 1 + number.digits;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      hex(c == 'x' ? 2 : (c == 'u' ? 4 : 8));
    } else {
      bad(at_ + 2, "is not an escape; write `\\\\` for a backslash, or a raw string r\"…\"");
    }
  }

  void hex(std::size_t width) {
    const Number number = read_digits(text_, at_ + 2, width, 16);
    const std::size_t end = at_ + 2 + number.digits;
    if (number.digits != width) {
      bad(end, width == 2 ? "needs two hexadecimal digits"
                          : (width == 4 ? "needs four hexadecimal digits"
                                        : "needs eight hexadecimal digits"));
    } else if (number.value > 0x10FFFF || (number.value >= 0xD800 && number.value <= 0xDFFF)) {
      bad(end, "is not a Unicode character");
    } else {
      append_utf8(out_, number.value);
      at_ = end;
    }
  }

  // The escape stays as it is written, so that what follows is still read.
  void bad(std::size_t end, std::string_view reason) {
    bad_escape_(at_, std::min(end, text_.size()), reason);
    out_.append(text_.substr(at_, end - at_));
    at_ = end;
  }

  std::string_view text_;
  const BadEscape& bad_escape_;
  std::string out_;
  std::size_t at_ = 0;
};

std::string without_carriage_returns(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') {
        ++i;
      }
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view common_prefix(std::string_view a, std::string_view b) {
  const auto size = std::min(a.size(), b.size());
  std::size_t n = 0;
  while (n < size && a[n] == b[n]) {
    ++n;
  }
  return a.substr(0, n);
}

}  // namespace

std::string unescape(std::string_view text, Escapes escapes, const BadEscape& bad_escape) {
  if (escapes == Escapes::Raw) {
    return without_carriage_returns(text);
  }
  if (text.find('\r') != std::string_view::npos) {
    // Offsets of bad escapes would be off by the CRs before them; such files are rare, and the
    // line is right.
    return Unescaper(without_carriage_returns(text), bad_escape).run();
  }
  return Unescaper(text, bad_escape).run();
}

std::string dedent(std::string_view text) {
  const std::string normalized = without_carriage_returns(text);
  std::vector<std::string_view> lines = split(normalized, '\n');
  std::optional<std::string_view> margin;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t indent = lines[i].find_first_not_of(" \t");
    if (indent == std::string_view::npos) {
      // What stands before the closing quotes is white space too: the text ends with its line.
      lines[i] = {};
      continue;
    }
    const std::string_view space = lines[i].substr(0, indent);
    margin = margin ? common_prefix(*margin, space) : space;
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0) {
      out += lines[0];
      if (lines[0].empty() && lines.size() > 1) {
        continue;
      }
    } else {
      out += lines[i].substr(std::min(lines[i].size(), margin ? margin->size() : 0));
    }
    if (i + 1 < lines.size()) {
      out += '\n';
    }
  }
  return out;
}

}  // namespace strata::frontend::spec
