#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/dockerfile/ast.h"
#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend::dockerfile {

// An instruction's text with its continuations joined, and where each piece of it stands in the
// file. Neither begins nor ends with a blank.
class LogicalLine {
 public:
  [[nodiscard]] std::string_view text() const { return text_; }
  // The range of text()[begin, end) in the file.
  [[nodiscard]] Loc loc(std::size_t begin, std::size_t end) const;
  [[nodiscard]] Word word(std::size_t begin, std::size_t end) const;
  [[nodiscard]] const std::vector<Word>& comments() const { return comments_; }

 private:
  friend class LineReader;
  struct Segment {
    std::size_t logical = 0;
    std::uint32_t original = 0;
  };
  [[nodiscard]] std::uint32_t original(std::size_t offset) const;
  void trim();

  FileId file_;
  std::string text_;
  std::vector<Segment> segments_;
  std::vector<Word> comments_;
};

// Splits a Dockerfile into logical lines: comments, continuations, and, on demand, heredoc bodies.
class LineReader {
 public:
  // `offset` is where directives and a byte-order mark have been skipped to. References must
  // outlive the reader.
  LineReader(FileId file, std::string_view text, std::uint32_t offset, char escape,
             Emitter& emitter)
      : file_(file), text_(text), offset_(offset), escape_(escape), emitter_(&emitter) {}

  // nullopt at the end of the file. Warns about empty lines inside a continuation.
  [[nodiscard]] std::optional<LogicalLine> next();
  // Reads the body that follows the line read last. False when no line ends it; nothing is
  // consumed then.
  [[nodiscard]] bool read_heredoc(Heredoc& heredoc);
  // The end of what was read last, the line break excluded.
  [[nodiscard]] std::uint32_t last_end() const { return last_end_; }

 private:
  struct PhysicalLine {
    std::uint32_t begin = 0;
    // Without the line break, and without a CR before it.
    std::string_view text;
    std::uint32_t next = 0;
  };
  [[nodiscard]] PhysicalLine peek(std::uint32_t offset) const;
  void append(LogicalLine& line, const PhysicalLine& physical, std::size_t skip,
              std::size_t length);
  bool add_comment(const PhysicalLine& physical);

  FileId file_;
  std::string_view text_;
  std::uint32_t offset_;
  char escape_;
  Emitter* emitter_;
  std::uint32_t last_end_ = 0;
  std::vector<Word> comments_;
};

}  // namespace strata::frontend::dockerfile
