// Paths taken apart and put together, as text.
#include "ir/base/path.h"

#include <algorithm>

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

std::vector<std::string> path_components(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) {
      names.emplace_back(path.substr(0, slash));
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return names;
}

}  // namespace strata
