#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backend/layer/member_tree.h"

namespace strata::backend {

// What an archive puts at a place. The entry's path is given when the tree is finished.
struct MemberTree::Item {
  TreeEntry entry;
  // Of files, and of hard links the file's.
  std::size_t content = 0;
  // A directory that no member names and nothing below has.
  bool implied = false;
};

// A name that an archive speaks of.
struct MemberTree::Node {
  Node* parent = nullptr;
  std::string_view name;
  // Bytes of the path from the root.
  std::size_t path_size = 0;
  // nullptr: no member is here or below here. With an item all parents but the root have one.
  std::unique_ptr<Item> item;
  // `.wh.<name>` stands beside it.
  bool whiteout = false;
  // `.wh..wh..opq` stands in it, or something else than a directory stood here: of what is below
  // nothing shows in it.
  bool opaque = false;
  // What look_up() found.
  bool looked_up = false;
  std::optional<RootView::Found> below;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;

  [[nodiscard]] std::string path() const;
  // What is at this path below, whatever the archive does to it; nullptr: nothing.
  const RootView::Found* look_up(const RootView& root);
  [[nodiscard]] bool has_directory() const {
    return item != nullptr && item->entry.type == EntryType::Directory;
  }
};

}  // namespace strata::backend
