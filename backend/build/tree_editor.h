#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "backend/build/users.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

// Where the bytes of a file come from. Files of one content with the same inode, not 0, are names
// of one file.
struct FileSource {
  ContentRef bytes;
  std::size_t inode = 0;
};

// Builds the diff tree of one step over a root, without unpacking that root: files are added, and
// every parent of every entry comes along, as it is below or newly made.
class TreeEditor {
 public:
  // `below` must outlive this. New directories get `epoch` as their time.
  TreeEditor(const RootView& below, std::int64_t epoch) : below_(&below), epoch_(epoch) {}

  // What stands at a path now: this step's own entry, else the one below; nullptr when nothing
  // does. No symlink is followed.
  [[nodiscard]] const TreeEntry* find(const std::string& path) const;
  // `path` with symlinks followed inside the root, this step's own too; components that do not
  // exist are kept. With `top`, a resolved directory: `path` as a process sees it whose root is
  // `top`.
  [[nodiscard]] Result<std::string> resolve(const std::string& path,
                                            const std::string& top = "") const;
  // The same of a file, with what it is a name of; where its bytes come from, if from this step.
  struct Standing {
    TreeEntry entry;
    std::optional<FileSource> source;
  };
  [[nodiscard]] std::optional<Standing> standing(const std::string& path) const;
  // True when a directory stands at the resolved path.
  [[nodiscard]] bool is_directory(const std::string& path) const;

  // Makes a directory and its missing parents, `mode` of `owner`; what exists stays as it is. The
  // resolved path. Error (Input): something else is in the way.
  Result<std::string> make_directories(const std::string& path, const FileOwner& owner,
                                       std::uint32_t mode = 0755);
  enum class Replace {
    // Error (Input): a directory over something else or the other way round.
    SameKind,
    // A directory goes with all that it holds.
    Anything,
  };
  // Adds or replaces an entry; `entry.path` is resolved and its parents exist. A directory over a
  // directory takes the new attributes.
  Result<void> put(TreeEntry entry, const std::optional<FileSource>& source,
                   Replace replace = Replace::SameKind);

  // The finished diff tree with its bytes, names of one file hard-linked; the editor is empty
  // afterwards.
  [[nodiscard]] TreeWithContent take();

 private:
  void add_parents(const std::string& path);
  void remove_below(const std::string& path);
  void hide_below(const std::string& path);

  const RootView* below_;
  std::int64_t epoch_;
  // Whiteouts too.
  std::map<std::string, TreeEntry, std::less<>> entries_;
  std::map<std::string, FileSource> sources_;
};

}  // namespace strata::backend
