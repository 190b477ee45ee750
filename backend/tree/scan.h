#pragma once

#include <cstdint>
#include <string>

#include "backend/tree/root_view.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

struct ScanOptions {
  // Files newer than this are clamped on disk and in the tree (utimensat); nullopt clamps nothing.
  std::int64_t epoch = 0;
  // Threads that hash.
  unsigned jobs = 1;
};

// Reads an overlay's upper directory (or a plain directory over nothing) into a diff tree against
// `below`: character devices 0:0 become whiteouts, opaque directories are expanded, mtimes above
// the epoch are clamped (on disk too, so that the next step sees them), sockets are skipped, hard
// links get their smallest path as the entry with content, and directories that were only copied up
// without a change and hold nothing are dropped.
[[nodiscard]] Result<Tree> scan_upper(const std::string& directory, const RootView& below,
                                      const ScanOptions& options);

// Writes a diff tree as a directory that can be an overlay lower: whiteouts as devices 0:0; owner,
// mode, xattrs and mtime set. `directory` exists and is empty. The bytes are verified against the
// tree's digests (Error Corrupt names the path).
class Content;
[[nodiscard]] Result<void> materialize(const Tree& tree, const Content& content,
                                       const std::string& directory);

}  // namespace strata::backend
