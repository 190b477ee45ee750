#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/tree/root_view.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

// Makes a tree of an archive's members, in their order, as if each were unpacked in a root that
// shows what is below: parents that the archive does not name are found through symlinks in the
// root, later members replace earlier ones, and nothing is outside the root. The rules are in
// backend/layer/README.md.
class MemberTree {
 public:
  enum class Names {
    // `.wh.` names delete.
    Layer,
    // They are names like others.
    Archive,
  };
  // `below` must outlive this.
  MemberTree(const RootView& below, Names names) : below_(&below), names_(names) {}

  // What add() needs the caller to do.
  struct Added {
    // Set for a regular file: the number of its content. The caller reads the member's bytes and
    // calls set_content().
    std::optional<std::size_t> content;
    // Set for the first hard link to a file that only `below` has, which becomes a file of this
    // tree: its bytes are those of that file (`RootView::file_of`).
    std::optional<RootView::Found> copied;
  };
  // Error Corrupt: a member that no root can hold.
  Result<Added> add(TreeEntry member);
  void set_content(std::size_t content, std::uint64_t size, const Digest& sha256);

  struct Finished {
    Tree tree;
    // For each file of the tree, by path, the number of its content.
    std::map<std::string, std::size_t> contents;
    // The directories that are only there because members are below them, and that nothing below
    // had.
    std::set<std::string> implied;
  };
  Result<Finished> finish();

 private:
  struct Item {
    TreeEntry entry;
    // Of files, and of hard links the file's.
    std::size_t content = 0;
    // A directory that no member names and nothing below has.
    bool implied = false;
  };

  Result<void> add_whiteout(const std::string& parent, const std::string& name);
  Result<Added> add_hard_link(const TreeEntry& member, const std::string& path);
  Result<std::string> resolve_parent(std::string_view path, const std::string& member) const;
  Result<void> ensure_parents(std::string_view path);
  Result<void> put(Item item);
  void erase_below(const std::string& path);
  void remove_hidden(const std::string& directory);
  void add_removals(Tree& tree);

  const RootView* below_;
  Names names_;
  std::map<std::string, Item, std::less<>> items_;
  std::set<std::string, std::less<>> whiteouts_;
  std::set<std::string> opaque_;
  struct ContentData {
    std::uint64_t size = 0;
    Digest sha256;
  };
  std::vector<ContentData> contents_;
  // Of files of below that hard links brought here, the number of their content.
  std::unordered_map<const TreeEntry*, std::size_t> copied_;
  std::uint64_t path_bytes_ = 0;
};

}  // namespace strata::backend
