// Paths and patterns as Go's path and path/filepath treat them.
#include "ir/path_pattern.h"

#include <fmt/format.h>

#include "ir/pattern_syntax.h"

namespace strata::ir {
namespace {

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
        failed = !parsed->characters.holds(character.value);
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
    if (result.match == ChunkMatch::Yes && !last_and_too_short) {
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
  if (!is_well_formed(pattern)) {
    return Error{ErrorCode::Input, fmt::format("pattern `{}` is malformed", pattern)};
  }
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const Chunk chunk = next_chunk(rest);
    if (chunk.star && chunk.text.empty()) {
      return path.find('/') == std::string_view::npos;
    }
    const ChunkResult result = match_after_star(chunk, path);
    if (result.match == ChunkMatch::No) {
      return false;
    }
    path = result.rest;
    rest = chunk.rest;
  }
  return path.empty();
}

}  // namespace strata::ir
