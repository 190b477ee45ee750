// Which ignore file is in force, and its patterns.
#include "frontend/dockerfile/ignore_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ir/ignore_matcher.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kBadPattern{Kind::BadIgnorePattern, "{}"};

struct IgnoreText {
  std::string name;
  std::string text;
};

Result<std::optional<IgnoreText>> load_text(const IgnoreScope& scope, ir::SourceLoader& loader) {
  if (!scope.file_name.empty()) {
    const std::string own = scope.file_name + ".dockerignore";
    auto text = loader.load_beside(own);
    if (text) {
      return std::optional<IgnoreText>({own, *std::move(text)});
    }
    if (text.error().code != ErrorCode::NotFound) {
      return std::move(text).error();
    }
  }
  auto text = loader.load(scope.context, ".dockerignore");
  if (text) {
    const std::string directory = scope.context.empty() ? "" : scope.context + "/";
    return std::optional<IgnoreText>({directory + ".dockerignore", *std::move(text)});
  }
  if (text.error().code != ErrorCode::NotFound) {
    return std::move(text).error();
  }
  return std::optional<IgnoreText>();
}

}  // namespace

Result<std::optional<ir::SharedStrings>> load_ignore(const IgnoreScope& scope, SourceMap& sources,
                                                     ir::SourceLoader& loader, Emitter& emitter) {
  STRATA_ASSIGN(const auto ignore, load_text(scope, loader));
  if (!ignore) {
    return std::optional<ir::SharedStrings>(ir::SharedStrings());
  }
  ir::Strings patterns = ir::parse_ignore(ignore->text);
  if (ir::IgnoreMatcher::make(patterns)) {
    return std::optional<ir::SharedStrings>(std::move(patterns));
  }
  // Line by line, to say which.
  const FileId file = sources.add(ignore->name, ignore->text);
  const std::string_view text = sources.file(file).text();
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const auto line = ir::parse_ignore(text.substr(begin, end - begin));
    const auto matcher = ir::IgnoreMatcher::make(line);
    if (!matcher) {
      emitter.emit({file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)},
                   kBadPattern, matcher.error().message);
    }
    begin = end + 1;
  }
  return std::optional<ir::SharedStrings>();
}

}  // namespace strata::frontend::dockerfile
