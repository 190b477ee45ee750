#pragma once

#include <string>
#include <string_view>

#include "ir/base/result.h"

namespace strata::ir {

// `.`, `..`, double and trailing slashes resolved as Go's path.Clean does; "" becomes ".".
[[nodiscard]] std::string clean_path(std::string_view path);

// True when a component of `path` holds `*`, `?` or `[`.
[[nodiscard]] bool has_wildcard(std::string_view path);

// Go's filepath.Match on a single component or whole path (`*` and `?` do not match `/`; `[a-z]`,
// `[^a]`, `\x`). Error: a malformed pattern (ErrorCode::Input).
[[nodiscard]] Result<bool> match_pattern(std::string_view pattern, std::string_view path);

}  // namespace strata::ir
