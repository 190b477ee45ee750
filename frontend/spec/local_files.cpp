// Ignore patterns of local files: the context's file, and the patterns of a step.
#include "frontend/spec/local_files.h"

#include <string_view>
#include <utility>

#include "ir/path_pattern.h"

namespace strata::frontend::spec {
namespace {

std::string escape(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

}  // namespace

Result<ir::Strings> ContextIgnore::patterns() {
  if (patterns_) {
    return *patterns_;
  }
  Result<std::string> text = Error{ErrorCode::NotFound, {}};
  if (!file_name_.empty()) {
    text = loader_->load_beside(file_name_ + ".dockerignore");
  }
  if (!text && text.error().code == ErrorCode::NotFound) {
    text = loader_->load("", ".dockerignore");
  }
  if (!text) {
    if (text.error().code != ErrorCode::NotFound) {
      return std::move(text).error();
    }
    patterns_.emplace();
    return *patterns_;
  }
  patterns_ = ir::parse_ignore(*text);
  return *patterns_;
}

ir::Strings ignore_below(const std::string& source, const ir::Strings& patterns) {
  ir::Strings result;
  for (const std::string& pattern : patterns) {
    const bool negated = pattern.starts_with("!");
    std::string clean = ir::clean_path(std::string_view(pattern).substr(negated ? 1 : 0));
    clean.erase(0, clean.starts_with("/") ? 1 : 0);
    const std::string below = source.empty() ? clean : escape(source) + "/" + clean;
    result.push_back((negated ? "!" : "") + below);
  }
  return result;
}

std::string literal_pattern(const std::string& path) {
  return ir::has_wildcard(path) ? escape(path) : path;
}

}  // namespace strata::frontend::spec
