#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/layer/budget.h"
#include "backend/tree/root_view.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

// Makes a tree of an archive's members, in their order, as if each were unpacked in a root that
// shows what is below: parents that the archive does not name are found through symlinks in the
// root, later members replace earlier ones, and nothing is outside the root. The rules are in
// backend/layer/README.md. Time and memory grow as the names do.
class MemberTree {
 public:
  enum class Names {
    // `.wh.` names delete.
    Layer,
    // They are names like others; and a hard link may name a file of the place where the archive is
    // unpacked, which only the caller knows.
    Archive,
  };
  // `below` and `budget` must outlive this.
  MemberTree(const RootView& below, Names names, ArchiveBudget& budget);
  ~MemberTree();
  MemberTree(const MemberTree&) = delete;
  MemberTree& operator=(const MemberTree&) = delete;

  // What add() needs the caller to do.
  struct Added {
    // Set for a regular file: the number of its content. The caller reads the member's bytes and
    // calls set_content().
    std::optional<std::size_t> content;
    // Set for the first hard link to a file that only `below` has, which becomes a file of this
    // tree: its bytes are those of that file (`RootView::file_of`).
    std::optional<RootView::Found> copied;
  };
  // A member without a name is skipped. Error Corrupt: a member that no root can hold, or more than
  // the budget has.
  Result<Added> add(TreeEntry member);
  void set_content(std::size_t content, std::uint64_t size, const Digest& sha256);

  struct Finished {
    Tree tree;
    // For each file of the tree, by path, the number of its content.
    std::map<std::string, std::size_t> contents;
    // The directories that are only there because members are below them, and that nothing below
    // had.
    std::set<std::string> implied;
    // Of an archive: hard links to what it does not hold, and the paths that they name. Not in the
    // tree.
    std::map<std::string, std::string> outside;
  };
  Result<Finished> finish();

 private:
  struct Node;
  struct Item;
  struct Emitted;
  class Finish;

  // Where a walk through the root stands: a node, and whether what is below shows at it.
  struct At {
    Node* node = nullptr;
    bool shows = true;
  };
  // The nodes from the root to a place.
  using Way = std::vector<At>;

  // Goes on from `way`; `links` counts the symlinks that were followed.
  Result<Way> walk(Way way, std::string_view path, const std::string& member, int& links);
  // Sets `way_`, from where it is if that is on the way: of nested directories each is passed once.
  Result<void> go_to(std::string_view path, const std::string& member);
  Result<At> child(const At& parent, std::string_view name, const std::string& member);
  Result<void> add_whiteout(const At& parent, const std::string& name, const std::string& member);
  Result<Added> add_hard_link(const TreeEntry& member, const At& at, const std::string& name);
  Result<void> ensure_directories(const Way& way, const std::string& member);
  Result<void> put(const At& at, Item item, const std::string& member);

  const RootView* below_;
  Names names_;
  ArchiveBudget* budget_;
  std::unique_ptr<Node> root_;
  // To the parent of the last member, and the path that led there: "" when that was through links.
  // What a member changes is below its parent, so the way stays true.
  Way way_;
  std::string way_path_;
  struct ContentData {
    std::uint64_t size = 0;
    Digest sha256;
  };
  std::vector<ContentData> contents_;
  // Of files of below that hard links brought here, the number of their content.
  std::unordered_map<const TreeEntry*, std::size_t> copied_;
};

}  // namespace strata::backend
