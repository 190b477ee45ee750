#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontend/budget.h"

namespace strata::frontend::dockerfile {

// The value of a variable; nullptr when it is not set.
using Lookup = std::function<const std::string*(std::string_view)>;

struct ExpandOptions {
  char escape = '\\';
  // Remove: as a shell does. Keep: quotes are ordinary characters (heredoc bodies).
  enum class Quotes { Remove, Keep } quotes = Quotes::Remove;
  // What the values and matches are taken of; without one only a single word is bounded.
  Budget* budget = nullptr;
};

// Why a word does not expand; [begin, end) is the wrong part of it.
struct ExpandError {
  std::string message;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Replaces variables and removes quotes and escapes. The rules are in README.md.
[[nodiscard]] std::variant<std::string, ExpandError> expand(std::string_view word,
                                                            const Lookup& lookup,
                                                            const ExpandOptions& options);

// The same, split into words at blanks that are not quoted, those in values included.
[[nodiscard]] std::variant<std::vector<std::string>, ExpandError> expand_words(
    std::string_view text, const Lookup& lookup, const ExpandOptions& options);

// The shell patterns of `${V#p}` and `${V/p/r}`: `*`, `?`, and `\` before `*`, `?`, `\`, `}`, `/`.
class ShellPattern {
 public:
  // nullopt when a `\` stands before anything else.
  [[nodiscard]] static std::optional<ShellPattern> parse(std::string_view text);

  enum class Length { Shortest, Longest };
  [[nodiscard]] std::string trim_prefix(std::string_view value, Length length) const;
  [[nodiscard]] std::string trim_suffix(std::string_view value, Length length) const;
  enum class Occurrences { First, All };
  // `replacement` is taken literally.
  [[nodiscard]] std::string replace(std::string_view value, std::string_view replacement,
                                    Occurrences occurrences) const;

 private:
  struct Element {
    enum class Kind : unsigned char { Literal, Any, Star } kind = Kind::Literal;
    // One character, in UTF-8.
    std::string literal;
  };
  struct Match {
    // In characters.
    std::optional<std::size_t> length;
    // A `*` was reached: what follows it is nowhere in the rest when there is no match.
    bool star_reached = false;
  };
  // A match of `characters` from `begin` on.
  [[nodiscard]] Match match(const std::vector<std::string_view>& characters, std::size_t begin,
                            Length length) const;

  std::vector<Element> elements_;
};

}  // namespace strata::frontend::dockerfile
