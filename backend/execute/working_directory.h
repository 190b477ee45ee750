#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/execute/executor.h"
#include "backend/execute/stubs.h"

namespace strata::backend {

// Below /proc, /sys and /dev the runtime mounts file systems of its own, so nothing that the root
// has there is seen.
[[nodiscard]] bool is_covered_by_the_runtime(std::string_view path);

// A process's working directory ("" is /), resolved in the root and made there if it is missing, so
// that no symlink of an image leads the runtime to a descriptor of its own (CVE-2024-21626). The
// binds' targets are resolved already. Error Input: not absolute, has a component `..`, or ends up
// in /proc, at a link of the runtime's /dev, or out of a bind mount.
[[nodiscard]] Result<std::string> usable_working_directory(const std::string& cwd,
                                                           const std::vector<RunSpec::Bind>& binds,
                                                           Stubs& stubs);

}  // namespace strata::backend
