#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/system/fd.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

// Where the bytes of a tree's regular files are. Thread-safe for concurrent open().
class Content {
 public:
  virtual ~Content() = default;
  Content() = default;
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  // A readable descriptor at offset 0 for the file at `path` of the tree. Whoever packs the bytes
  // hashes them and compares with the entry's sha256: a file may have changed since it was hashed.
  [[nodiscard]] virtual Result<Fd> open(const std::string& path) const = 0;
};

// Files below a directory on disk; opened beneath it without following symlinks (openat2
// RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS).
[[nodiscard]] Result<std::shared_ptr<const Content>> directory_content(
    const std::string& directory);
// Bytes in memory.
[[nodiscard]] std::shared_ptr<const Content> memory_content(
    std::map<std::string, std::string> files);

// Each path of a tree mapped to a path of another content.
struct ContentRef {
  std::shared_ptr<const Content> content;
  std::string path;
};
[[nodiscard]] std::shared_ptr<const Content> mapped_content(
    std::map<std::string, ContentRef> files);

// A tree and its bytes.
struct TreeWithContent {
  std::shared_ptr<const Tree> tree;
  std::shared_ptr<const Content> content;
};

}  // namespace strata::backend
