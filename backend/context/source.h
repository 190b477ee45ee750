#pragma once

#include <string>
#include <vector>

#include "ir/base/result.h"

namespace strata::backend {

// A path below a context with every symlink on it followed.
struct ResolvedSource {
  // Relative to the context, without symlinks.
  std::string path;
  bool is_directory = false;
};

// Follows symlinks, the last component's too, below the directory `root`. Errors: Outside when a
// link leaves it (absolute ones do, wherever they point); Input when there are too many; NotFound;
// Io.
[[nodiscard]] Result<ResolvedSource> resolve_source(int root, const std::string& path);

// The paths that a source with wildcards matches, sorted; directories on the way are followed as by
// resolve_source, and those that cannot be are no match. Error Input: a malformed pattern.
[[nodiscard]] Result<std::vector<std::string>> match_source(int root, const std::string& pattern);

}  // namespace strata::backend
