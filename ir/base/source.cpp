// Source texts and byte ranges in them; external interface is SourceMap and Loc.
#include "ir/base/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/base/check.h"

namespace strata {

Loc join(Loc first, Loc second) {
  if (!first.valid()) {
    return second;
  }
  if (!second.valid()) {
    return first;
  }
  STRATA_CHECK(first.file == second.file, "join of locations in two files");
  return {first.file, std::min(first.begin, second.begin), std::max(first.end, second.end)};
}

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
    }
  }
}

LineColumn SourceFile::line_column(std::uint32_t offset) const {
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<std::uint32_t>(next - line_starts_.begin());
  return {line, offset - line_starts_[line - 1] + 1};
}

std::string_view SourceFile::line(std::uint32_t number) const {
  STRATA_CHECK(number >= 1 && number <= line_count(), "line number out of range");
  const std::size_t begin = line_starts_[number - 1];
  std::size_t end = number < line_count() ? line_starts_[number] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') {
    --end;
  }
  return std::string_view(text_).substr(begin, end - begin);
}

FileId SourceMap::add(std::string name, std::string text) {
  STRATA_CHECK(text.size() < UINT32_MAX, "source text of 4 GiB or more");
  files_.push_back(std::make_unique<SourceFile>(std::move(name), std::move(text)));
  return FileId{static_cast<std::uint32_t>(files_.size() - 1)};
}

const SourceFile& SourceMap::file(FileId id) const {
  STRATA_CHECK(id.index < files_.size(), "no such source file");
  return *files_[id.index];
}

FileId SourceMap::find(std::string_view name) const {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i]->name() == name) {
      return FileId{static_cast<std::uint32_t>(i)};
    }
  }
  return {};
}

std::string SourceMap::describe(Loc loc) const {
  if (!loc.valid()) {
    return {};
  }
  const LineColumn at = file(loc.file).line_column(loc.begin);
  return fmt::format("{}:{}:{}", file(loc.file).name(), at.line, at.column);
}

std::string_view SourceMap::text(Loc loc) const {
  return loc.valid() ? file(loc.file).text().substr(loc.begin, loc.end - loc.begin)
                     : std::string_view();
}

}  // namespace strata
