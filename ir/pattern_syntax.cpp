// Characters and classes of patterns, as Go reads them.
#include "ir/pattern_syntax.h"

#include <algorithm>

namespace strata::ir {
namespace {

std::optional<Character> class_character(std::string_view text) {
  if (text.empty() || text[0] == '-' || text[0] == ']') {
    return std::nullopt;
  }
  const std::size_t escape = text[0] == '\\' ? 1 : 0;
  if (escape == text.size()) {
    return std::nullopt;
  }
  Character character = decode(text.substr(escape));
  character.length += escape;
  // A class must go on after each of its characters; a byte that is not UTF-8 cannot be in one.
  if (character.value >= kNotUtf8 || character.length == text.size()) {
    return std::nullopt;
  }
  return character;
}

}  // namespace

Character decode(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  const auto sequence = [&](std::size_t length, unsigned bits, char32_t least) -> Character {
    char32_t value = bits;
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(i) & 0xC0U) != 0x80U) {
        return {kNotUtf8 + first, 1};
      }
      value = value << 6 | (byte(i) & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    return value < least || value >= kNotUtf8 || surrogate ? Character{kNotUtf8 + first, 1}
                                                           : Character{value, length};
  };
  if (first < 0x80) {
    return {first, 1};
  }
  if (first >= 0xC0 && first < 0xE0) {
    return sequence(2, first & 0x1FU, 0x80);
  }
  if (first >= 0xE0 && first < 0xF0) {
    return sequence(3, first & 0x0FU, 0x800);
  }
  if (first >= 0xF0 && first < 0xF8) {
    return sequence(4, first & 0x07U, 0x10000);
  }
  return {kNotUtf8 + first, 1};
}

bool CharacterClass::holds(char32_t character) const {
  const bool found = std::any_of(ranges.begin(), ranges.end(), [&](const Bounds& range) {
    return range.first <= character && character <= range.last;
  });
  return found != negated;
}

std::optional<ClassText> parse_class(std::string_view text) {
  ClassText result;
  if (!text.empty() && text[0] == '^') {
    result.characters.negated = true;
    text.remove_prefix(1);
  }
  while (true) {
    if (!text.empty() && text[0] == ']' && !result.characters.ranges.empty()) {
      result.rest = text.substr(1);
      return result;
    }
    const auto first = class_character(text);
    if (!first.has_value()) {
      return std::nullopt;
    }
    text.remove_prefix(first->length);
    Bounds range{first->value, first->value};
    if (text[0] == '-') {
      const auto last = class_character(text.substr(1));
      if (!last.has_value()) {
        return std::nullopt;
      }
      range.last = last->value;
      text.remove_prefix(1 + last->length);
    }
    result.characters.ranges.push_back(range);
  }
}

}  // namespace strata::ir
