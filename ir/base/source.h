#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

// A file in a SourceMap. Ids are dense, in order of addition; a default FileId names no file.
struct FileId {
  std::uint32_t index = UINT32_MAX;

  [[nodiscard]] bool valid() const { return index != UINT32_MAX; }
  auto operator<=>(const FileId&) const = default;  // NOLINT(modernize-use-nullptr)
};

// A half-open byte range of a source file. Line and column are computed only when rendering.
struct Loc {
  FileId file;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool valid() const { return file.valid(); }
  auto operator<=>(const Loc&) const = default;  // NOLINT(modernize-use-nullptr)
};

// The smallest range that covers both; the valid one if only one is. Both must be in one file.
[[nodiscard]] Loc join(Loc first, Loc second);

// 1-based line; 1-based column in bytes.
struct LineColumn {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// A text with the name under which messages show it. Never changes once it is in a SourceMap.
class SourceFile {
 public:
  SourceFile(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  // `offset` may be the text's size (end of file).
  [[nodiscard]] LineColumn line_column(std::uint32_t offset) const;
  // The text of a 1-based line, without its line break (a CR before the LF is dropped too).
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t line_count() const {
    return static_cast<std::uint32_t>(line_starts_.size());
  }

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
};

// Owns every source text of one compilation. References to files stay valid as files are added.
class SourceMap {
 public:
  FileId add(std::string name, std::string text);
  [[nodiscard]] const SourceFile& file(FileId id) const;
  // The first file that was added under `name`; not valid if there is none.
  [[nodiscard]] FileId find(std::string_view name) const;
  // `name:line:column` of a location's first byte; empty for a location that is not valid.
  [[nodiscard]] std::string describe(Loc loc) const;
  [[nodiscard]] std::string_view text(Loc loc) const;

 private:
  std::vector<std::unique_ptr<SourceFile>> files_;
};

}  // namespace strata
