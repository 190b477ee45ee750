#pragma once

#include <string>

#include "ir/base/result.h"

namespace strata::backend {

// Makes the directory that `path` names a store, or finds that it is one: `format`, the directories
// of README.md, mode 0700. A link at `path` is followed, for the user gave it. Returns the absolute
// path, without a link in it.
//
// Only an empty directory becomes a store, and only one with `format` is one; it, and each of its
// directories, is a real directory of this user that nobody else can write to. Error Machine for
// anything else; nothing was touched then.
[[nodiscard]] Result<std::string> claim_directory(const std::string& path);

// Whether claim_directory would take `path`, which need not be there; the same errors. Touches
// nothing.
[[nodiscard]] Result<void> check_claimable(const std::string& path);

}  // namespace strata::backend
