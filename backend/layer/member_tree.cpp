// MemberTree: what a sequence of archive members means, decided on names alone before anything is
// written.
#include "backend/layer/member_tree.h"

#include <algorithm>
#include <utility>

#include "backend/layer/member_node.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kMeta = ".wh..wh.";
constexpr std::size_t kMaxName = 255;
// What a name and what an entry take beside their texts, about.
constexpr std::uint64_t kNodeBytes = 256;
constexpr std::uint64_t kEntryBytes = 384;

Error hostile(const std::string& member, const std::string& reason) {
  return Error{ErrorCode::Corrupt, shown_member(member) + ": " + reason};
}

Error too_long(const std::string& member) {
  return hostile(member, "the path is longer than " + std::to_string(kMaxPath) + " bytes");
}

// A member's name as a tree path; `/x`, `./x` and `x//` are x.
Result<std::string> clean_name(const std::string& name, const std::string& member) {
  std::string path;
  path.reserve(name.size());
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view component = std::string_view(name).substr(at, end - at);
    at = end + 1;
    if (component == "..") {
      return hostile(member, "the name `" + shown_member(name) + "` leaves the root");
    }
    if (!component.empty() && component != ".") {
      path.append(path.empty() ? "" : "/").append(component);
    }
  }
  return path.size() > kMaxPath ? Result<std::string>(too_long(member)) : std::move(path);
}

std::uint64_t memory_of(const TreeEntry& entry, std::size_t path_size) {
  constexpr std::uint64_t kPairBytes = 64;
  std::uint64_t bytes = kEntryBytes + path_size + entry.link.size();
  for (const auto& [name, value] : entry.xattrs) {
    bytes += kPairBytes + name.size() + value.size();
  }
  return bytes;
}

}  // namespace

std::string MemberTree::Node::path() const {
  std::string text(path_size, '/');
  for (const Node* node = this; node->parent != nullptr; node = node->parent) {
    node->name.copy(text.data() + (node->path_size - node->name.size()), node->name.size());
  }
  return text;
}

const RootView::Found* MemberTree::Node::look_up(const RootView& root) {
  if (!looked_up) {
    looked_up = true;
    bool may_be_there = parent == nullptr || parent->parent == nullptr;
    if (!may_be_there) {
      const RootView::Found* above = parent->look_up(root);
      may_be_there = above != nullptr && above->entry->type == EntryType::Directory;
    }
    below = may_be_there ? root.find(path()) : std::nullopt;
  }
  return below ? &*below : nullptr;
}

MemberTree::MemberTree(const RootView& below, Names names, ArchiveBudget& budget)
    : below_(&below), names_(names), budget_(&budget), root_(std::make_unique<Node>()) {}

MemberTree::~MemberTree() = default;

Result<MemberTree::Added> MemberTree::add(TreeEntry member) {
  const std::string name = std::move(member.path);
  member.path.clear();
  if (name.empty()) {
    return Added();
  }
  STRATA_ASSIGN(const std::string path, clean_name(name, name));
  if (path.empty()) {
    if (member.type != EntryType::Directory) {
      return hostile(name, "the root would be no directory");
    }
    STRATA_TRY(put({root_.get(), true}, {std::move(member)}, name));
    return Added();
  }
  STRATA_TRY(go_to(parent_of(path), name));
  const std::string base(base_name(path));
  if (names_ == Names::Layer && base.starts_with(kWhiteout)) {
    STRATA_TRY(add_whiteout(way_.back(), base, name));
    return Added();
  }
  if (member.type == EntryType::Char && member.dev_major == 0 && member.dev_minor == 0) {
    return hostile(name, "is a character device 0:0, which means a deletion to overlay roots");
  }
  if (member.link.size() > kMaxPath) {
    return hostile(name, "the link is longer than " + std::to_string(kMaxPath) + " bytes");
  }
  STRATA_TRY(ensure_directories(way_, name));
  STRATA_ASSIGN(const At at, child(way_.back(), base, name));
  if (member.type == EntryType::Hardlink) {
    return add_hard_link(member, at, name);
  }
  Added added;
  Item item{std::move(member)};
  if (item.entry.type == EntryType::File) {
    item.content = contents_.size();
    contents_.emplace_back();
    added.content = item.content;
  }
  STRATA_TRY(put(at, std::move(item), name));
  return added;
}

void MemberTree::set_content(std::size_t content, std::uint64_t size, const Digest& sha256) {
  contents_[content] = {size, sha256};
}

Result<void> MemberTree::add_whiteout(const At& parent, const std::string& name,
                                      const std::string& member) {
  if (name == kOpaque) {
    parent.node->opaque = true;
    return {};
  }
  if (name.starts_with(kMeta)) {
    // What aufs kept for itself; no builder means anything by it.
    return {};
  }
  const std::string removed = name.substr(kWhiteout.size());
  if (removed.empty() || removed == "." || removed == "..") {
    return hostile(member, "the deletion names no file");
  }
  STRATA_ASSIGN(const At at, child(parent, removed, member));
  at.node->whiteout = true;
  return {};
}

Result<MemberTree::Added> MemberTree::add_hard_link(const TreeEntry& member, const At& at,
                                                    const std::string& name) {
  STRATA_ASSIGN(const std::string link, clean_name(member.link, name));
  if (link.empty()) {
    return hostile(name, "is a hard link to the root");
  }
  int links = 0;
  STRATA_ASSIGN(const Way parents, walk({{root_.get(), true}}, parent_of(link), name, links));
  STRATA_ASSIGN(const At target, child(parents.back(), base_name(link), name));
  if (target.node->item != nullptr) {
    if (target.node->has_directory()) {
      return hostile(name, "is a hard link to the directory `" + target.node->path() + "`");
    }
    // Links to symlinks and devices become entries of their own; files share their content.
    if (target.node != at.node) {
      STRATA_TRY(put(at, *target.node->item, name));
    }
    return Added();
  }
  if (names_ == Names::Archive && target.shows) {
    Item item{member};
    item.entry.link = target.node->path();
    STRATA_TRY(put(at, std::move(item), name));
    return Added();
  }
  const RootView::Found* found = target.shows ? target.node->look_up(*below_) : nullptr;
  if (found == nullptr || found->entry->type == EntryType::Directory) {
    return hostile(name, "is a hard link to `" + member.link + "`, which is not there");
  }
  // A layer below has it: here it becomes a file, or whatever it is, of its own. Links to one file
  // of below stay names of one file here.
  Added added;
  Item item{below_->standing_alone(*found)};
  item.entry.path.clear();
  if (item.entry.type == EntryType::File) {
    const RootView::Found file = below_->file_of(*found);
    const auto [content, is_new] = copied_.try_emplace(file.entry, contents_.size());
    item.content = content->second;
    if (is_new) {
      contents_.push_back({file.entry->size, file.entry->sha256});
      added.content = item.content;
      added.copied = file;
    }
  }
  STRATA_TRY(put(at, std::move(item), name));
  return added;
}

Result<MemberTree::At> MemberTree::child(const At& parent, std::string_view name,
                                         const std::string& member) {
  Node& directory = *parent.node;
  auto found = directory.children.find(name);
  if (found == directory.children.end()) {
    if (name.size() > kMaxName) {
      return hostile(member, "the name `" + shown_member(std::string(name)) +
                                 "` is longer than 255 bytes, which no file system has");
    }
    auto node = std::make_unique<Node>();
    node->parent = &directory;
    node->path_size = directory.path_size + (directory.path_size == 0 ? 0 : 1) + name.size();
    if (node->path_size > kMaxPath) {
      return too_long(member);
    }
    STRATA_TRY(budget_->take_memory(member, kNodeBytes + name.size()));
    found = directory.children.emplace(name, std::move(node)).first;
    found->second->name = found->first;
  }
  Node* node = found->second.get();
  return At{node, parent.shows && !directory.opaque && !node->whiteout};
}

Result<void> MemberTree::go_to(std::string_view path, const std::string& member) {
  const bool goes_on = !way_path_.empty() && path.starts_with(way_path_) &&
                       (path.size() == way_path_.size() || path[way_path_.size()] == '/');
  Way way = goes_on ? std::move(way_) : Way{{root_.get(), true}};
  int links = 0;
  STRATA_ASSIGN(way_,
                walk(std::move(way), path.substr(goes_on ? way_path_.size() : 0), member, links));
  way_path_ = links == 0 ? path : std::string_view();
  return {};
}

// Follows symlinks of this archive and of below, in the root, as unpacking would. Components that
// are nowhere stay as they are.
Result<MemberTree::Way> MemberTree::walk(Way way, std::string_view path, const std::string& member,
                                         int& links) {
  constexpr int kMaxLinks = 40;
  std::vector<std::string> pending = path_components(path);
  std::reverse(pending.begin(), pending.end());
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == ".") {
      continue;
    }
    if (name == "..") {
      way.resize(std::max<std::size_t>(way.size() - 1, 1));
      continue;
    }
    STRATA_ASSIGN(const At next, child(way.back(), name, member));
    const TreeEntry* entry = nullptr;
    if (next.node->item != nullptr) {
      entry = &next.node->item->entry;
      if (entry->type != EntryType::Directory && entry->type != EntryType::Symlink) {
        return hostile(member, "`" + next.node->path() + "` is no directory");
      }
    } else if (const auto* found = next.shows ? next.node->look_up(*below_) : nullptr) {
      entry = found->entry;
    }
    if (entry == nullptr || entry->type != EntryType::Symlink) {
      way.push_back(next);
      continue;
    }
    if (++links > kMaxLinks || entry->link.size() > kMaxPath) {
      return hostile(member, "more than 40 symbolic links on the way");
    }
    if (entry->link.starts_with('/')) {
      way.resize(1);
    }
    std::vector<std::string> target = path_components(entry->link);
    pending.insert(pending.end(), target.rbegin(), target.rend());
  }
  return way;
}

// Gives the directories of the way that have no item the attributes that they have below.
Result<void> MemberTree::ensure_directories(const Way& way, const std::string& member) {
  for (auto at = way.rbegin(); at != way.rend(); ++at) {
    if (at->node->parent == nullptr || at->node->item != nullptr) {
      break;
    }
    const RootView::Found* below = at->shows ? at->node->look_up(*below_) : nullptr;
    Item item;
    if (below != nullptr && below->entry->type == EntryType::Directory) {
      item.entry = *below->entry;
      item.entry.path.clear();
    } else {
      item.entry.type = EntryType::Directory;
      item.entry.mode = 0755;
      item.implied = true;
    }
    STRATA_TRY(put(*at, std::move(item), member));
  }
  return {};
}

Result<void> MemberTree::put(const At& at, Item item, const std::string& member) {
  Node& node = *at.node;
  STRATA_TRY(budget_->take_memory(member, memory_of(item.entry, node.path_size)));
  if (item.entry.type != EntryType::Directory) {
    // Should a directory come here again, it is a new one.
    node.children.clear();
    node.opaque = true;
  }
  node.item = std::make_unique<Item>(std::move(item));
  return {};
}

}  // namespace strata::backend
