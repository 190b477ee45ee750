#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strata {

// Paths as text, `/`-separated: nothing is looked up, `.` and `..` are names like others. The root
// of a tree is "". Views point into the argument.

// `a/b/c` is in `a/b`; `c`, `/c` and the root are in "".
[[nodiscard]] std::string_view parent_of(std::string_view path);
// What follows the last `/`, or all.
[[nodiscard]] std::string_view base_name(std::string_view path);
// `a` and `b/c` are `a/b/c`; either may be "", and the other is the answer.
[[nodiscard]] std::string join_path(std::string_view directory, std::string_view path);
// The names in a path, without empty ones: `/a//b/` has `a` and `b`.
[[nodiscard]] std::vector<std::string> path_components(std::string_view path);

}  // namespace strata
