#pragma once

#include <cstdint>
#include <string>

#include "backend/system/fd.h"

namespace strata::backend {

// openat2(2) of `path` ("" the directory itself) with the given RESOLVE_ flags; O_CLOEXEC is added
// to `flags`. Asks again when a rename elsewhere made the kernel give up. Not valid: errno says
// why.
[[nodiscard]] Fd open_resolved(const Fd& root, const std::string& path, std::uint64_t flags,
                               std::uint64_t resolve);

}  // namespace strata::backend
