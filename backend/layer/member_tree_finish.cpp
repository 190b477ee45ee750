// MemberTree::finish: from names to a tree: removals that mean something, then the entries.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "backend/layer/member_node.h"
#include "backend/layer/member_tree.h"
#include "ir/base/path.h"

namespace strata::backend {

struct MemberTree::Emitted {
  TreeEntry entry;
  std::size_t content = 0;
  bool implied = false;
};

class MemberTree::Finish {
 public:
  explicit Finish(MemberTree& members) : members_(&members) {}

  Result<Finished> run() {
    STRATA_TRY(find_removals());
    emit_items();
    std::sort(emitted_.begin(), emitted_.end(),
              [](const Emitted& a, const Emitted& b) { return a.entry.path < b.entry.path; });
    return finished();
  }

 private:
  // A node where no item hides what is below it. `hidden`: the archive hides it, so that every name
  // of below needs a whiteout of its own.
  struct Visit {
    Node* node = nullptr;
    bool hidden = false;
  };

  // Each node once.
  Result<void> find_removals() {
    std::vector<Visit> pending{{members_->root_.get(), false}};
    while (!pending.empty()) {
      const auto [node, is_hidden] = pending.back();
      pending.pop_back();
      if (node->item != nullptr && !node->has_directory()) {
        continue;
      }
      const bool has_parent = node->parent != nullptr;
      if (has_parent && node->item == nullptr && node->whiteout) {
        if (node->look_up(*members_->below_) != nullptr) {
          STRATA_TRY(add_whiteout(*node->parent, node->name));
        }
        continue;
      }
      const bool hides = is_hidden || node->whiteout || node->opaque;
      if (hides) {
        STRATA_TRY(remove_names(*node));
      }
      for (const auto& [name, child] : node->children) {
        if (!hides || child->item != nullptr) {
          pending.push_back({child.get(), hides});
        }
      }
    }
    return {};
  }

  // Whiteouts of the names that the directory has below and not in the archive.
  Result<void> remove_names(Node& directory) {
    const RootView& below = *members_->below_;
    const RootView::Found* found = directory.look_up(below);
    const bool is_there = directory.parent == nullptr ||
                          (found != nullptr && found->entry->type == EntryType::Directory);
    if (!is_there) {
      return {};
    }
    for (const std::string& name : below.list(directory.path())) {
      const auto child = directory.children.find(name);
      if (child == directory.children.end() || child->second->item == nullptr) {
        STRATA_TRY(add_whiteout(directory, name));
      }
    }
    return {};
  }

  Result<void> add_whiteout(Node& directory, std::string_view name) {
    Emitted& added = emitted_.emplace_back();
    added.entry.path = join_path(directory.path(), name);
    added.entry.type = EntryType::Whiteout;
    STRATA_TRY(members_->budget_->take_memory(added.entry.path,
                                              sizeof(Emitted) + added.entry.path.size()));
    Way way;
    for (Node* node = &directory; node->item == nullptr && node->parent != nullptr;
         node = node->parent) {
      way.push_back({node, true});
    }
    std::reverse(way.begin(), way.end());
    return members_->ensure_directories(way, added.entry.path);
  }

  void emit_items() {
    std::vector<Node*> pending{members_->root_.get()};
    while (!pending.empty()) {
      Node* node = pending.back();
      pending.pop_back();
      if (node->item != nullptr) {
        Emitted& added = emitted_.emplace_back(
            Emitted{std::move(node->item->entry), node->item->content, node->item->implied});
        added.entry.path = node->path();
      }
      for (const auto& [name, child] : node->children) {
        pending.push_back(child.get());
      }
    }
    // The names are in the paths now.
    members_->root_ = std::make_unique<Node>();
  }

  // The smallest path of a content is its file, the others link to it.
  Finished finished() {
    Finished finished;
    finished.tree.entries.reserve(emitted_.size());
    constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
    // Of each content, the index of its file.
    std::vector<std::size_t> first(members_->contents_.size(), kNone);
    for (auto& [entry, content, implied] : emitted_) {
      if (implied) {
        finished.implied.insert(entry.path);
      }
      if (entry.type == EntryType::Hardlink) {
        finished.outside.emplace(std::move(entry.path), std::move(entry.link));
        continue;
      }
      if (entry.type == EntryType::File) {
        if (first[content] == kNone) {
          first[content] = finished.tree.entries.size();
          entry.size = members_->contents_[content].size;
          entry.sha256 = members_->contents_[content].sha256;
          finished.contents.emplace(entry.path, content);
        } else {
          make_hard_link(entry, finished.tree.entries[first[content]].path);
        }
      }
      finished.tree.entries.push_back(std::move(entry));
    }
    sort_tree(finished.tree);
    return finished;
  }

  MemberTree* members_;
  std::vector<Emitted> emitted_;
};

Result<MemberTree::Finished> MemberTree::finish() { return Finish(*this).run(); }

}  // namespace strata::backend
