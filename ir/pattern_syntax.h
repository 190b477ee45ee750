#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace strata::ir {

// What both kinds of patterns (path_pattern.h, ignore_matcher.h) are made of: the characters and
// classes of Go's filepath.Match.

struct Character {
  char32_t value = 0;
  std::size_t length = 0;
};

// Bytes that are not UTF-8 become characters of their own, above Unicode.
inline constexpr char32_t kNotUtf8 = 0x110000;

// The first character; `text` is not empty.
[[nodiscard]] Character decode(std::string_view text);

struct Bounds {
  char32_t first = 0;
  char32_t last = 0;
};

struct CharacterClass {
  bool negated = false;
  std::vector<Bounds> ranges;

  [[nodiscard]] bool holds(char32_t character) const;
};

// A `[…]` class and what follows it.
struct ClassText {
  CharacterClass characters;
  std::string_view rest;
};

// `text` is what stands after the `[`; nullopt when that is no class.
[[nodiscard]] std::optional<ClassText> parse_class(std::string_view text);

}  // namespace strata::ir
