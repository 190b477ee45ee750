#pragma once

#include <sys/types.h>

#include <string_view>

#include "backend/system/fd.h"

namespace strata::backend {

// Opens `path` (clean, relative, "" the directory itself) below the directory `root` without
// following any symlink, the last component's included; O_CLOEXEC and O_NOFOLLOW are added to
// `flags`. Paths may be longer than PATH_MAX. Not valid: errno says why (ELOOP or ENOTDIR for a
// symlink on the way).
[[nodiscard]] Fd open_beneath(int root, std::string_view path, int flags, mode_t mode = 0);

}  // namespace strata::backend
