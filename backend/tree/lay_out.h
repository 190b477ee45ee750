#pragma once

#include <functional>
#include <string>

#include "backend/system/fd.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

// Makes the regular file `name` in the directory `parent` with the entry's bytes; nothing is there
// yet. Owner, mode, xattrs and times are set afterwards on the descriptor that it returns. Called
// from several threads.
using PlaceFile =
    std::function<Result<Fd>(const TreeEntry& entry, int parent, const std::string& name)>;

// Makes the files of `tree` (its invariants hold) in `directory`, which holds none of them.
// Directories come from the tree alone and nothing is created through a symlink, so nothing outside
// is touched whatever the entries say. Whiteouts become devices 0:0; the umask takes no part.
// Without root's rights owners stay the caller's. Ends at an interrupt.
[[nodiscard]] Result<void> lay_out(const Tree& tree, const std::string& directory, unsigned jobs,
                                   const PlaceFile& place);

}  // namespace strata::backend
