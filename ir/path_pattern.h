#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/result.h"

namespace strata::ir {

// `.`, `..`, double and trailing slashes resolved as Go's path.Clean does; "" becomes ".".
[[nodiscard]] std::string clean_path(std::string_view path);

// True when a component of `path` holds `*`, `?` or `[`.
[[nodiscard]] bool has_wildcard(std::string_view path);

// Go's filepath.Match on a single component or whole path (`*` and `?` do not match `/`; `[a-z]`,
// `[^a]`, `\x`). Error: a malformed pattern (ErrorCode::Input).
[[nodiscard]] Result<bool> match_pattern(std::string_view pattern, std::string_view path);

// The patterns of an ignore file's text: `#` in column 0 is a comment, lines are trimmed, cleaned,
// a leading `/` dropped, `!` kept.
[[nodiscard]] std::vector<std::string> parse_ignore(std::string_view text);

// Ignore patterns as moby's patternmatcher applies them: anchored at the root, `**` any number of
// directories, `!` re-includes, a match on a parent directory matches its children, the last match
// wins.
class IgnoreMatcher {
 public:
  // Error: a malformed pattern, named in the message (ErrorCode::Input).
  static Result<IgnoreMatcher> make(const std::vector<std::string>& patterns);

  // `path` relative, clean, `/`-separated.
  [[nodiscard]] bool ignored(std::string_view path) const;
  // False when no path below the ignored directory `path` can be re-included, so a walk may skip
  // it.
  [[nodiscard]] bool may_reinclude_below(std::string_view path) const;
  [[nodiscard]] bool empty() const { return patterns_.empty(); }

 private:
  // One element of a pattern; see path_pattern.cpp.
  struct Token {
    enum class Kind { Literal, AnyCharacter, Star, Class, Directories, Anything };
    struct Range {
      char32_t first = 0;
      char32_t last = 0;
    };
    Kind kind = Kind::Literal;
    char32_t character = 0;
    std::vector<Range> ranges;
    bool negated_class = false;
  };
  struct Pattern {
    std::vector<Token> tokens;
    bool negated = false;
  };
  // What a pattern makes of a path: matches it or a directory above it, or may match below it.
  struct Verdict {
    bool matches = false;
    bool may_match_below = false;
  };
  static std::vector<Token> compile(std::string_view pattern);
  static Verdict run(const Pattern& pattern, const std::u32string& path);

  std::vector<Pattern> patterns_;
};

}  // namespace strata::ir
