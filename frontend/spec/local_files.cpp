// Ignore patterns of local files: the context's file, and the patterns of a step.
#include "frontend/spec/local_files.h"

#include <string_view>
#include <utility>

#include "frontend/dockerfile/ignore_file.h"
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

Result<std::optional<ir::SharedStrings>> ContextIgnore::patterns() {
  if (state_ == State::Unread) {
    STRATA_ASSIGN(auto loaded, dockerfile::load_ignore({.context = {}, .file_name = file_name_},
                                                       *sources_, *loader_, *emitter_));
    state_ = loaded ? State::Good : State::Malformed;
    patterns_ = std::move(loaded).value_or(ir::SharedStrings());
  }
  return state_ == State::Good ? std::optional(patterns_) : std::nullopt;
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
