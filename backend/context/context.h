#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/tree/content.h"
#include "backend/tree/tree.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"
#include "ir/sources.h"

namespace strata::backend {

class StatCache;

// What a `local` op selects: one item a match of its source (one, unless it has wildcards), sorted
// by path. A directory item's tree is its content (its own attributes at path ""); any other item's
// tree is the one entry, under its base name. Entries are 0:0 with mtime 0.
struct SelectedItem {
  // The match, relative to the context; "" for the whole context.
  std::string path;
  // Where its bytes are in content(): `path`, unless a symlink was followed. For a directory item
  // the prefix of its files' paths.
  std::string resolved;
  bool is_directory = false;
  std::shared_ptr<const Tree> tree;
};
struct Selection {
  std::vector<SelectedItem> items;
  // Digest of the selection's record (README.md); item paths are not in it beyond their base names,
  // and a directory's not even that.
  Digest digest;
};

// A local build context. A top-level source that is a symlink is followed inside the context; inner
// symlinks are kept. Thread-safe after construction of a selection.
class Context {
 public:
  // `cache` may be nullptr; must outlive this.
  static Result<std::unique_ptr<Context>> open(const std::string& directory, StatCache* cache,
                                               unsigned jobs);
  ~Context();

  // Hashes only what is selected (through the stat cache). Errors: NotFound when nothing matches,
  // saying what was looked for and whether an ignore pattern excluded it; Outside when the source
  // or a link on it leaves the context; Input for a bad pattern.
  [[nodiscard]] Result<std::shared_ptr<const Selection>> select(const ir::LocalRequest& request);
  // The bytes of the context's files, by path relative to the context.
  [[nodiscard]] std::shared_ptr<const Content> content() const;
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  struct State;
  explicit Context(std::string directory, std::unique_ptr<State> state);
  std::string directory_;
  std::unique_ptr<State> state_;
};

// File digests by (device, inode, size, mtime_ns, ctime_ns), with git's racily-clean rule: an entry
// whose mtime or ctime is not older than the time at which it was recorded is not trusted. One
// file, loaded once, saved by rename; a damaged file is an empty cache.
class StatCache {
 public:
  static std::unique_ptr<StatCache> load(const std::string& path);
  // Whether something is at `path` that load() finds damaged.
  static bool is_damaged(const std::string& path);
  ~StatCache();
  Result<void> save();

 private:
  friend class Context;
  struct State;
  explicit StatCache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace strata::backend
