#pragma once

#include <cstdint>
#include <string>

namespace strata::backend {

// What kind of file system a path is on: its magic number (statfs(2)), 0 when there is no such
// path.
[[nodiscard]] std::uint64_t file_system_magic(const std::string& path);
// Its name, for messages: "ext4", "tmpfs", … or the number.
[[nodiscard]] std::string file_system_name(const std::string& path);

}  // namespace strata::backend
