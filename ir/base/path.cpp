// Paths taken apart and put together, as text.
#include "ir/base/path.h"

#include "ir/base/text.h"

namespace strata {

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string join_path(std::string_view directory, std::string_view path) {
  std::string joined;
  joined.reserve(directory.size() + 1 + path.size());
  joined += directory;
  if (!directory.empty() && !path.empty()) {
    joined += '/';
  }
  joined += path;
  return joined;
}

std::vector<std::string> path_components(std::string_view path) { return split_words(path, '/'); }

}  // namespace strata
