// Logical lines of a Dockerfile: continuations joined, comments set aside, offsets kept.
#include "frontend/dockerfile/line_reader.h"

#include <algorithm>
#include <utility>

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<> kEmptyContinuation{Kind::EmptyContinuation,
                                             "empty line inside a continued instruction"};

constexpr std::string_view kBlanks = " \t\v\f\r";

std::size_t leading_blanks(std::string_view text) {
  return std::min(text.find_first_not_of(kBlanks), text.size());
}

// The length of `text` without its continuation mark and the blanks after it, or nullopt when the
// line does not continue. `\\` at the end is an escaped escape, not a continuation.
std::optional<std::size_t> continued_length(std::string_view text, char escape) {
  const std::size_t last = text.find_last_not_of(" \t");
  if (last == std::string_view::npos || text[last] != escape ||
      (last > 0 && text[last - 1] == escape)) {
    return std::nullopt;
  }
  return last;
}

}  // namespace

std::uint32_t LogicalLine::original(std::size_t offset) const {
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), offset,
      [](std::size_t value, const Segment& segment) { return value < segment.logical; });
  const Segment& segment = *std::prev(after);
  return segment.original + static_cast<std::uint32_t>(offset - segment.logical);
}

Loc LogicalLine::loc(std::size_t begin, std::size_t end) const {
  const std::uint32_t first = original(begin);
  return {file_, first, end > begin ? original(end - 1) + 1 : first};
}

Word LogicalLine::word(std::size_t begin, std::size_t end) const {
  return {.text = text_.substr(begin, end - begin), .loc = loc(begin, end), .heredoc = {}};
}

void LogicalLine::trim() {
  text_.resize(text_.find_last_not_of(kBlanks) + 1);
  // Blanks in front are left only by a first line that is a lone escape.
  const std::size_t front = leading_blanks(text_);
  if (front == 0) {
    return;
  }
  std::vector<Segment> segments;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const std::size_t end = i + 1 < segments_.size() ? segments_[i + 1].logical : text_.size();
    if (end > front) {
      const std::size_t begin = std::max(segments_[i].logical, front);
      segments.push_back({begin - front, original(begin)});
    }
  }
  segments_ = std::move(segments);
  text_.erase(0, front);
}

LineReader::PhysicalLine LineReader::peek(std::uint32_t offset) const {
  const std::size_t end = std::min(text_.find('\n', offset), text_.size());
  std::string_view line = text_.substr(offset, end - offset);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return {offset, line, static_cast<std::uint32_t>(std::min(end + 1, text_.size()))};
}

void LineReader::append(LogicalLine& line, const PhysicalLine& physical, std::size_t skip,
                        std::size_t length) {
  line.segments_.push_back({line.text_.size(), physical.begin + static_cast<std::uint32_t>(skip)});
  line.text_.append(physical.text.substr(skip, length - skip));
}

bool LineReader::add_comment(const PhysicalLine& physical) {
  const std::size_t skip = leading_blanks(physical.text);
  if (skip == physical.text.size() || physical.text[skip] != '#') {
    return false;
  }
  const std::string_view text = physical.text.substr(skip);
  if (text == "#") {
    // An empty comment ends a block of comments; a blank line does not.
    comments_.clear();
    return true;
  }
  const auto begin = physical.begin + static_cast<std::uint32_t>(skip);
  comments_.push_back({.text = std::string(text),
                       .loc = {file_, begin, begin + static_cast<std::uint32_t>(text.size())},
                       .heredoc = {}});
  return true;
}

std::optional<LogicalLine> LineReader::next() {
  while (offset_ < text_.size()) {
    PhysicalLine physical = peek(offset_);
    offset_ = physical.next;
    const std::size_t skip = leading_blanks(physical.text);
    if (skip == physical.text.size() || add_comment(physical)) {
      continue;
    }
    LogicalLine line;
    line.file_ = file_;
    line.comments_ = std::move(comments_);
    comments_.clear();
    auto length = continued_length(physical.text, escape_);
    append(line, physical, skip, std::max(length.value_or(physical.text.size()), skip));
    while (length && offset_ < text_.size()) {
      physical = peek(offset_);
      const std::size_t blanks = leading_blanks(physical.text);
      offset_ = physical.next;
      if (blanks == physical.text.size()) {
        emitter_->emit({file_, physical.begin, physical.begin}, kEmptyContinuation)
            .note("remove it: what follows still belongs to the instruction above");
        continue;
      }
      if (physical.text[blanks] == '#') {
        continue;
      }
      length = continued_length(physical.text, escape_);
      append(line, physical, 0, length.value_or(physical.text.size()));
    }
    line.trim();
    if (line.text_.empty()) {
      continue;
    }
    last_end_ = line.loc(line.text_.size() - 1, line.text_.size()).end;
    return line;
  }
  return std::nullopt;
}

bool LineReader::read_heredoc(Heredoc& heredoc) {
  std::uint32_t offset = offset_;
  while (offset < text_.size()) {
    const PhysicalLine physical = peek(offset);
    std::string_view candidate = physical.text;
    candidate = candidate.substr(0, candidate.find_last_not_of('\r') + 1);
    if (heredoc.tabs == Heredoc::Tabs::Strip) {
      candidate.remove_prefix(std::min(candidate.find_first_not_of('\t'), candidate.size()));
    }
    if (candidate == heredoc.name) {
      heredoc.body = std::string(text_.substr(offset_, offset - offset_));
      heredoc.body_loc = {file_, offset_, offset};
      last_end_ = physical.begin + static_cast<std::uint32_t>(physical.text.size());
      offset_ = physical.next;
      return true;
    }
    offset = physical.next;
  }
  return false;
}

}  // namespace strata::frontend::dockerfile
