#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/build/tree_editor.h"
#include "backend/context/context.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::backend {

// A name of a source with all that its file is: a hard link stands as the file that it names.
struct CopyEntry {
  TreeEntry entry;
  // Entries of one content with the same number, not 0, are names of one file, and stay so among
  // what lands.
  std::size_t inode = 0;
};

// One thing that a copy source stands for: a file, or a directory whose content is copied.
struct CopyItem {
  // Base name in the source; where a file lands when the destination is a directory.
  std::string name;
  bool is_directory = false;
  // Paths relative to the item: a directory's own attributes at "", then its content, parents
  // first; a file is the one entry at "".
  std::vector<CopyEntry> entries;
  // The bytes of an entry: `content` at prefix + (prefix and path both not empty ? "/" : "") +
  // path.
  std::shared_ptr<const Content> content;
  std::string prefix;
  // Files of a context or of the source text get the stage epoch as time; archive members and files
  // of other stages keep theirs, clamped.
  enum class Times { Epoch, Clamped } times = Times::Epoch;
};

// The items of a local selection.
[[nodiscard]] std::vector<CopyItem> items_of(const Selection& selection,
                                             const std::shared_ptr<const Content>& content);
[[nodiscard]] std::vector<CopyItem> items_of(const ir::Inline& files);
// What `path` (absolute, may hold wildcards) names in a root; nothing when no name matches a
// wildcard. A symlink at the path itself is followed. Names of one file, wherever its others are,
// are one file in all of the items. Error (NotFound): nothing is there.
[[nodiscard]] Result<std::vector<CopyItem>> items_of(const RootView& root,
                                                     const std::shared_ptr<const Content>& content,
                                                     const std::string& path);

// What an archive unpacked to, to be copied as a directory's content.
[[nodiscard]] CopyItem archive_item(const std::string& name, const TreeWithContent& members);

struct CopyRequest {
  const ir::Copy& op;
  std::vector<CopyItem> items;
  const RootView& below;
  // Set when the op has an owner.
  std::optional<FileOwner> owner;
  std::int64_t epoch = 0;
  // Empty directory on the store's file system, for archives that are unpacked; used when
  // op.unpack.
  std::string scratch;
  // The bytes of `below`, asked for when an archive has hard links to files of it.
  std::function<Result<std::shared_ptr<const Content>>()> below_content = {};
};

// COPY and ADD: where each item lands, as BuildKit decides it, with one difference: a directory of
// the source that meets a symlink to a directory in the root goes through the link (BuildKit fails
// there). Errors (Input): a file where a directory must be, and the other way round.
[[nodiscard]] Result<TreeWithContent> copy_tree(const CopyRequest& request);

// WORKDIR: the directory and its missing parents, 0755 of `owner`; an empty tree when it is there.
[[nodiscard]] Result<TreeWithContent> mkdir_tree(const std::string& path, const FileOwner& owner,
                                                 const RootView& below, std::int64_t epoch);

}  // namespace strata::backend
