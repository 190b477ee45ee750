#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/result.h"

namespace strata::ir {

// The patterns of an ignore file's text: `#` in column 0 is a comment, lines are trimmed, cleaned,
// a leading `/` dropped, `!` kept.
[[nodiscard]] std::vector<std::string> parse_ignore(std::string_view text);

// Ignore patterns as moby's patternmatcher applies them: anchored at the root, `**` any number of
// directories, `!` re-includes, a match on a parent directory matches its children, the last match
// wins. All patterns are matched at once, by a state machine that is built where paths lead: a path
// takes time by its length, not by the number of patterns. Not thread-safe.
class IgnoreMatcher {
 public:
  // Error: a malformed pattern or one that no path can match for its length, named in the message
  // (ErrorCode::Input).
  static Result<IgnoreMatcher> make(const std::vector<std::string>& patterns);
  IgnoreMatcher(IgnoreMatcher&&) noexcept;
  IgnoreMatcher& operator=(IgnoreMatcher&&) noexcept;
  ~IgnoreMatcher();

  // `path` relative, clean, `/`-separated.
  [[nodiscard]] bool ignored(std::string_view path) const;
  // False when no path below the ignored directory `path` can be re-included, so a walk may skip
  // it.
  [[nodiscard]] bool may_reinclude_below(std::string_view path) const;
  [[nodiscard]] bool empty() const;

 private:
  class Machine;
  explicit IgnoreMatcher(std::unique_ptr<Machine> machine);

  std::unique_ptr<Machine> machine_;
};

}  // namespace strata::ir
