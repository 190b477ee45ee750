#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backend/context/digest_cache.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"
#include "ir/ignore_matcher.h"

namespace strata::backend {

// Reads parts of a context into trees. Paths are relative to the context and hold no symlinks.
class ContextWalk {
 public:
  struct Options {
    // The context's directory.
    int root = -1;
    const ir::IgnoreMatcher* ignore = nullptr;
    // May be nullptr.
    DigestCache* cache = nullptr;
    unsigned jobs = 1;
  };
  explicit ContextWalk(const Options& options) : options_(options), began_(cache_clock()) {}

  // A directory's content without what is ignored, its own attributes at path "". No entry at all
  // when the directory is ignored and nothing below it is re-included.
  [[nodiscard]] Result<Tree> directory(const std::string& path);
  // Any other file, as the one entry `name`. Sockets give an empty tree.
  [[nodiscard]] Result<Tree> file(const std::string& path, const std::string& name);

 private:
  // An entry whose content or xattrs must be read; an index into entries_, which is not sorted yet.
  struct Unread {
    std::size_t index;
    std::string path;
  };
  struct Directory {
    std::string path;
    // It is ignored, but something below it may be re-included; it is added with that.
    bool withheld = false;
  };

  Result<void> read_directory(const Directory& directory, const std::string& top);
  Result<void> add_child(int directory, const Directory& parent, const char* name,
                         const std::string& top);
  Result<void> add(const std::string& path, const std::string& entry_path, const struct stat& info,
                   int directory, const char* name);
  void add_withheld_parents(const std::string& entry_path);
  Result<void> read_unread();
  Result<void> read_inode(TreeEntry& entry, const std::string& path);
  Result<Tree> finish();

  Options options_;
  std::int64_t began_;
  std::vector<TreeEntry> entries_;
  std::vector<Unread> unread_;
  std::vector<Directory> pending_;
  // Ignored directories by entry path, with what add() needs for them.
  struct Withheld {
    std::string path;
    struct stat info;
  };
  std::map<std::string, Withheld> withheld_;
};

}  // namespace strata::backend
