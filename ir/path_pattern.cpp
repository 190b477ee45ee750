// Paths and patterns as Go's path, path/filepath and moby's patternmatcher treat them.
#include "ir/path_pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/base/text.h"

namespace strata::ir {
namespace {

struct Character {
  char32_t value = 0;
  std::size_t length = 0;
};

// Bytes that are not UTF-8 become characters of their own, above Unicode.
constexpr char32_t kNotUtf8 = 0x110000;

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

Error malformed(std::string_view pattern) {
  return {ErrorCode::Input, fmt::format("pattern `{}` is malformed", pattern)};
}

struct Bounds {
  char32_t first = 0;
  char32_t last = 0;
};

// A `[…]` class, `text` after the `[`. On success the class's ranges; `rest` is what follows it.
struct ClassText {
  bool negated = false;
  std::vector<Bounds> ranges;
  std::string_view rest;
};

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

std::optional<ClassText> parse_class(std::string_view text) {
  ClassText result;
  if (!text.empty() && text[0] == '^') {
    result.negated = true;
    text.remove_prefix(1);
  }
  while (true) {
    if (!text.empty() && text[0] == ']' && !result.ranges.empty()) {
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
    result.ranges.push_back(range);
  }
}

bool in_class(const ClassText& text, char32_t character) {
  const bool found = std::any_of(text.ranges.begin(), text.ranges.end(), [&](const Bounds& range) {
    return range.first <= character && character <= range.last;
  });
  return found != text.negated;
}

// The part of a pattern up to its next `*`, with the stars before it.
struct Chunk {
  bool star = false;
  std::string_view text;
  std::string_view rest;
};

Chunk next_chunk(std::string_view pattern) {
  Chunk chunk;
  while (!pattern.empty() && pattern[0] == '*') {
    pattern.remove_prefix(1);
    chunk.star = true;
  }
  bool in_brackets = false;
  std::size_t i = 0;
  for (; i < pattern.size() && (pattern[i] != '*' || in_brackets); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      ++i;
    } else if (pattern[i] == '[' || pattern[i] == ']') {
      in_brackets = pattern[i] == '[';
    }
  }
  chunk.text = pattern.substr(0, i);
  chunk.rest = pattern.substr(i);
  return chunk;
}

enum class ChunkMatch { Yes, No, Malformed };

struct ChunkResult {
  ChunkMatch match = ChunkMatch::No;
  // What of the text is left after the chunk.
  std::string_view rest;
};

// Matches a chunk (no `*` outside a class) at the front of `text`. Goes on after a mismatch, so
// that a malformed pattern is one whatever it is matched with.
ChunkResult match_chunk(std::string_view chunk, std::string_view text) {
  bool failed = false;
  while (!chunk.empty()) {
    failed = failed || text.empty();
    if (chunk[0] == '[') {
      const auto parsed = parse_class(chunk.substr(1));
      if (!parsed.has_value()) {
        return {ChunkMatch::Malformed, {}};
      }
      if (!failed) {
        const Character character = decode(text);
        failed = !in_class(*parsed, character.value);
        text.remove_prefix(character.length);
      }
      chunk = parsed->rest;
      continue;
    }
    if (chunk[0] == '?') {
      if (!failed) {
        failed = text[0] == '/';
        text.remove_prefix(decode(text).length);
      }
    } else {
      if (chunk[0] == '\\') {
        chunk.remove_prefix(1);
        if (chunk.empty()) {
          return {ChunkMatch::Malformed, {}};
        }
      }
      if (!failed) {
        failed = chunk[0] != text[0];
        text.remove_prefix(1);
      }
    }
    chunk.remove_prefix(1);
  }
  return failed ? ChunkResult{ChunkMatch::No, {}} : ChunkResult{ChunkMatch::Yes, text};
}

// Where `chunk` matches in `text` after the fewest characters skipped, none of them `/`. The
// leftmost match is the best one to go on from, so no position is tried twice.
ChunkResult match_after_star(const Chunk& chunk, std::string_view text) {
  for (std::size_t skip = 0;; ++skip) {
    const ChunkResult result = match_chunk(chunk.text, text.substr(skip));
    const bool last_and_too_short = chunk.rest.empty() && !result.rest.empty();
    if (result.match == ChunkMatch::Malformed ||
        (result.match == ChunkMatch::Yes && !last_and_too_short)) {
      return result;
    }
    if (!chunk.star || skip == text.size() || text[skip] == '/') {
      return {ChunkMatch::No, {}};
    }
  }
}

bool is_well_formed(std::string_view pattern) {
  while (!pattern.empty()) {
    const Chunk chunk = next_chunk(pattern);
    if (match_chunk(chunk.text, "").match == ChunkMatch::Malformed) {
      return false;
    }
    pattern = chunk.rest;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// A pattern as ignore files spell it, in its one clean spelling: `!` kept, no leading `/`.
std::string clean_pattern(std::string_view line) {
  std::string_view pattern = trim(line);
  const bool negated = !pattern.empty() && pattern[0] == '!';
  if (negated) {
    pattern = trim(pattern.substr(1));
  }
  std::string clean = pattern.empty() ? std::string() : clean_path(pattern);
  if (clean.size() > 1 && clean[0] == '/') {
    clean.erase(0, 1);
  }
  return negated ? "!" + clean : clean;
}

std::u32string characters(std::string_view text) {
  std::u32string result;
  while (!text.empty()) {
    const Character character = decode(text);
    result += character.value;
    text.remove_prefix(character.length);
  }
  return result;
}

}  // namespace

std::string clean_path(std::string_view path) {
  const bool rooted = !path.empty() && path[0] == '/';
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !rooted) {
      parts.push_back(part);
    }
  }
  std::string clean = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    clean += i > 0 ? "/" : "";
    clean += parts[i];
  }
  return clean.empty() ? "." : clean;
}

bool has_wildcard(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

Result<bool> match_pattern(std::string_view pattern, std::string_view path) {
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const Chunk chunk = next_chunk(rest);
    if (chunk.star && chunk.text.empty()) {
      return path.find('/') == std::string_view::npos;
    }
    const ChunkResult result = match_after_star(chunk, path);
    if (result.match == ChunkMatch::Malformed || !is_well_formed(chunk.rest)) {
      return malformed(pattern);
    }
    if (result.match == ChunkMatch::No) {
      return false;
    }
    path = result.rest;
    rest = chunk.rest;
  }
  return path.empty();
}

std::vector<std::string> parse_ignore(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  std::vector<std::string> patterns;
  for (const std::string& line : split_words(text, '\n')) {
    if (line[0] == '#') {
      continue;
    }
    std::string pattern = clean_pattern(line);
    if (!pattern.empty()) {
      patterns.push_back(std::move(pattern));
    }
  }
  return patterns;
}

Result<IgnoreMatcher> IgnoreMatcher::make(const std::vector<std::string>& patterns) {
  IgnoreMatcher matcher;
  for (const std::string& written : patterns) {
    const std::string clean = clean_pattern(written);
    if (clean.empty()) {
      continue;
    }
    const bool negated = clean[0] == '!';
    const std::string_view text = std::string_view(clean).substr(negated ? 1 : 0);
    if (text.empty() || !is_well_formed(text)) {
      return malformed(written);
    }
    matcher.patterns_.push_back({compile(text), negated});
  }
  return matcher;
}

// The tokens follow moby's translation to a regular expression:
//   `?` [^/]    `*` [^/]*    `**/` (.*/)? (Directories)    a final `**` .* (Anything)
// `**` before anything but `/` counts as `**/` there, except at the front of a pattern that has no
// other wildcard, where it is `.*`.
std::vector<IgnoreMatcher::Token> IgnoreMatcher::compile(std::string_view pattern) {
  std::vector<Token> tokens;
  const bool suffix_only = pattern.substr(0, 2) == "**" && pattern.substr(2, 1) != "/" &&
                           pattern.find_first_of("*?[]\\", 2) == std::string_view::npos;
  if (suffix_only) {
    tokens.push_back({.kind = Token::Kind::Anything, .ranges = {}});
    pattern.remove_prefix(2);
  }
  while (!pattern.empty()) {
    Token token;
    const Character character = decode(pattern);
    token.character = character.value;
    pattern.remove_prefix(character.length);
    if (character.value == '*' && !pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      if (!pattern.empty() && pattern[0] == '/') {
        pattern.remove_prefix(1);
      }
      token.kind = pattern.empty() ? Token::Kind::Anything : Token::Kind::Directories;
    } else if (character.value == '*') {
      token.kind = Token::Kind::Star;
    } else if (character.value == '?') {
      token.kind = Token::Kind::AnyCharacter;
    } else if (character.value == '[') {
      const auto parsed = parse_class(pattern);
      STRATA_CHECK(parsed.has_value(), "only well-formed patterns are compiled");
      token.kind = Token::Kind::Class;
      token.negated_class = parsed->negated;
      for (const Bounds& range : parsed->ranges) {
        token.ranges.push_back({range.first, range.last});
      }
      pattern = parsed->rest;
    } else if (character.value == '\\' && !pattern.empty()) {
      const Character escaped = decode(pattern);
      token.character = escaped.value;
      pattern.remove_prefix(escaped.length);
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

// Runs all positions in the pattern at once (a set of states), so time is bounded by the product of
// the lengths, whatever the stars.
IgnoreMatcher::Verdict IgnoreMatcher::run(const Pattern& pattern, const std::u32string& path) {
  const std::vector<Token>& tokens = pattern.tokens;
  using Kind = Token::Kind;
  // State 2i: before token i. State 2i+1: inside token i (Directories only: a `/` must come before
  // the next token).
  std::vector<bool> states(2 * tokens.size() + 1);
  std::vector<bool> next(states.size());
  // A token that may match nothing lets the state behind it be reached at once.
  const auto enter = [&](std::vector<bool>& set, std::size_t token) {
    set[2 * token] = true;
    while (token < tokens.size() &&
           (tokens[token].kind == Kind::Star || tokens[token].kind == Kind::Directories ||
            tokens[token].kind == Kind::Anything)) {
      set[2 * ++token] = true;
    }
  };
  const auto matches_one = [](const Token& token, char32_t c) {
    switch (token.kind) {
      case Kind::Literal:
        return token.character == c;
      case Kind::AnyCharacter:
        return c != '/';
      case Kind::Class:
        return token.negated_class !=
               std::any_of(token.ranges.begin(), token.ranges.end(),
                           [&](const auto& range) { return range.first <= c && c <= range.last; });
      case Kind::Star:
      case Kind::Directories:
      case Kind::Anything:
        return false;
    }
    return false;
  };
  const auto step = [&](char32_t c) {
    next.assign(next.size(), false);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (states[2 * i] && matches_one(token, c)) {
        enter(next, i + 1);
      }
      if (states[2 * i] &&
          (token.kind == Kind::Anything || (token.kind == Kind::Star && c != '/'))) {
        enter(next, i);
      }
      if (token.kind == Kind::Directories && (states[2 * i] || states[2 * i + 1])) {
        next[2 * i + 1] = true;
        if (c == '/') {
          enter(next, i + 1);
        }
      }
    }
    states.swap(next);
  };
  Verdict verdict;
  enter(states, 0);
  for (const char32_t c : path) {
    // A directory above the path matches.
    verdict.matches = verdict.matches || (c == '/' && states.back());
    step(c);
  }
  verdict.matches = verdict.matches || states.back();
  step('/');
  verdict.may_match_below = std::find(states.begin(), states.end(), true) != states.end();
  return verdict;
}

bool IgnoreMatcher::ignored(std::string_view path) const {
  const std::u32string text = characters(path);
  bool ignored = false;
  for (const Pattern& pattern : patterns_) {
    if (pattern.negated == ignored && run(pattern, text).matches) {
      ignored = !pattern.negated;
    }
  }
  return ignored;
}

bool IgnoreMatcher::may_reinclude_below(std::string_view path) const {
  const std::u32string text = characters(path);
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    return pattern.negated && run(pattern, text).may_match_below;
  });
}

}  // namespace strata::ir
