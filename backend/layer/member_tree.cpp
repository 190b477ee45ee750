// MemberTree: what a sequence of archive members means, decided on paths alone before anything is
// written.
#include "backend/layer/member_tree.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ir/base/path.h"

namespace strata::backend {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kMeta = ".wh..wh.";
// Bounds of memory: no image comes near them.
constexpr std::size_t kMaxPath = std::size_t{1} << 16;
constexpr std::uint64_t kMaxPathBytes = std::uint64_t{1} << 30;
constexpr std::size_t kMaxEntries = 4'000'000;

Error hostile(const std::string& member, const std::string& reason) {
  return Error{ErrorCode::Corrupt, member + ": " + reason};
}

// A member's name as a tree path; `/x`, `./x` and `x//` are x. nullopt when it has a `..`.
std::optional<std::string> clean(std::string_view name) {
  std::string path;
  for (const std::string& component : path_components(name)) {
    if (component == "..") {
      return std::nullopt;
    }
    if (component != ".") {
      path = join_path(path, component);
    }
  }
  return path;
}

Result<std::string> clean_name(const std::string& name, const std::string& member) {
  if (name.size() > kMaxPath) {
    return hostile(member.substr(0, 100) + "…", "the name is longer than any root can hold");
  }
  std::optional<std::string> path = clean(name);
  if (!path) {
    return hostile(member, "the name `" + name + "` leaves the root");
  }
  return *std::move(path);
}

}  // namespace

Result<MemberTree::Added> MemberTree::add(TreeEntry member) {
  const std::string name = member.path;
  STRATA_ASSIGN(const std::string path, clean_name(name, name));
  if (path.empty()) {
    if (member.type != EntryType::Directory) {
      return hostile(name, "the root would be no directory");
    }
    member.path.clear();
    STRATA_TRY(put({std::move(member)}));
    return Added();
  }
  STRATA_ASSIGN(const std::string parent, resolve_parent(parent_of(path), name));
  const std::string base(base_name(path));
  if (names_ == Names::Layer && base.substr(0, kWhiteout.size()) == kWhiteout) {
    STRATA_TRY(add_whiteout(parent, base));
    return Added();
  }
  if (member.type == EntryType::Char && member.dev_major == 0 && member.dev_minor == 0) {
    return hostile(name, "is a character device 0:0, which means a deletion to overlay roots");
  }
  STRATA_TRY(ensure_parents(parent));
  const std::string resolved = join_path(parent, base);
  if (member.type == EntryType::Hardlink) {
    return add_hard_link(member, resolved);
  }
  Added added;
  Item item{std::move(member)};
  item.entry.path = resolved;
  if (item.entry.type == EntryType::File) {
    item.content = contents_.size();
    contents_.emplace_back();
    added.content = item.content;
  }
  STRATA_TRY(put(std::move(item)));
  return added;
}

void MemberTree::set_content(std::size_t content, std::uint64_t size, const Digest& sha256) {
  contents_[content] = {size, sha256};
}

Result<void> MemberTree::add_whiteout(const std::string& parent, const std::string& name) {
  if (name == kOpaque) {
    opaque_.insert(parent);
    return {};
  }
  if (name.substr(0, kMeta.size()) == kMeta) {
    // What aufs kept for itself; no builder means anything by it.
    return {};
  }
  const std::string removed = name.substr(kWhiteout.size());
  if (removed.empty() || removed == "." || removed == "..") {
    return hostile(join_path(parent, name), "the deletion names no file");
  }
  whiteouts_.insert(join_path(parent, removed));
  return {};
}

Result<MemberTree::Added> MemberTree::add_hard_link(const TreeEntry& member,
                                                    const std::string& path) {
  const std::string& name = member.path;
  STRATA_ASSIGN(const std::string link, clean_name(member.link, name));
  STRATA_ASSIGN(const std::string parent, resolve_parent(parent_of(link), name));
  const std::string target = join_path(parent, base_name(link));
  if (const auto found = items_.find(target); found != items_.end()) {
    if (found->second.entry.type == EntryType::Directory) {
      return hostile(name, "is a hard link to the directory `" + target + "`");
    }
    // Links to symlinks and devices become entries of their own; files share their content.
    Item item = found->second;
    item.entry.path = path;
    if (target != path) {
      STRATA_TRY(put(std::move(item)));
    }
    return Added();
  }
  const bool is_removed = whiteouts_.count(target) != 0;
  const std::optional<RootView::Found> found = is_removed ? std::nullopt : below_->find(target);
  if (!found || found->entry->type == EntryType::Directory) {
    return hostile(name, "is a hard link to `" + member.link + "`, which is not there");
  }
  // A layer below has it: here it becomes a file, or whatever it is, of its own. Links to one file
  // of below stay names of one file here.
  Added added;
  Item item{below_->standing_alone(*found)};
  item.entry.path = path;
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
  STRATA_TRY(put(std::move(item)));
  return added;
}

// Follows symlinks of this archive and of below, in the root, as unpacking would. Components that
// are nowhere stay as they are.
Result<std::string> MemberTree::resolve_parent(std::string_view path,
                                               const std::string& member) const {
  constexpr int kMaxLinks = 40;
  int links = 0;
  std::vector<std::string> pending = path_components(path);
  std::reverse(pending.begin(), pending.end());
  std::string current;
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == ".") {
      continue;
    }
    if (name == "..") {
      current.resize(parent_of(current).size());
      continue;
    }
    std::string next = join_path(current, name);
    const TreeEntry* entry = nullptr;
    if (const auto item = items_.find(next); item != items_.end()) {
      entry = &item->second.entry;
      if (entry->type != EntryType::Directory && entry->type != EntryType::Symlink) {
        return hostile(member, "`" + next + "` is no directory");
      }
    } else if (whiteouts_.count(next) != 0) {
      entry = nullptr;
    } else if (const std::optional<RootView::Found> found = below_->find(next)) {
      entry = found->entry;
    }
    if (entry == nullptr || entry->type != EntryType::Symlink) {
      current = std::move(next);
      continue;
    }
    if (++links > kMaxLinks || entry->link.size() > kMaxPath) {
      return hostile(member, "more than 40 symbolic links on the way");
    }
    if (entry->link.substr(0, 1) == "/") {
      current.clear();
    }
    std::vector<std::string> target = path_components(entry->link);
    pending.insert(pending.end(), target.rbegin(), target.rend());
  }
  return current;
}

// Adds the directories that lead to `path`, and `path`, with the attributes they have below.
Result<void> MemberTree::ensure_parents(std::string_view path) {
  std::vector<std::string_view> missing;
  for (std::string_view at = path; !at.empty() && items_.count(at) == 0; at = parent_of(at)) {
    missing.push_back(at);
  }
  std::reverse(missing.begin(), missing.end());
  for (const std::string_view directory : missing) {
    TreeEntry entry;
    const bool is_removed = whiteouts_.count(directory) != 0;
    const std::optional<RootView::Found> found =
        is_removed ? std::nullopt : below_->find(directory);
    const bool is_below = found && found->entry->type == EntryType::Directory;
    if (is_below) {
      entry = *found->entry;
    } else {
      entry.path = directory;
      entry.type = EntryType::Directory;
      entry.mode = 0755;
    }
    STRATA_TRY(put({std::move(entry), 0, !is_below}));
  }
  return {};
}

Result<void> MemberTree::put(Item item) {
  const std::string path = item.entry.path;
  path_bytes_ += path.size() + item.entry.link.size();
  if (items_.size() >= kMaxEntries || path_bytes_ > kMaxPathBytes) {
    return hostile(path.substr(0, 100), "the archive has more entries than any image");
  }
  const auto existing = items_.find(path);
  if (existing != items_.end() && existing->second.entry.type == EntryType::Directory &&
      item.entry.type != EntryType::Directory) {
    erase_below(path);
  }
  items_.insert_or_assign(path, std::move(item));
  return {};
}

void MemberTree::erase_below(const std::string& path) {
  // `0` follows `/`.
  items_.erase(items_.lower_bound(path + "/"), items_.lower_bound(path + "0"));
}

// Turns into whiteouts what below has in `directory` and this tree has not.
void MemberTree::remove_hidden(const std::string& directory) {
  std::vector<std::string> pending{directory};
  while (!pending.empty()) {
    const std::string current = std::move(pending.back());
    pending.pop_back();
    for (const std::string& name : below_->list(current)) {
      std::string child = join_path(current, name);
      const auto item = items_.find(child);
      if (item == items_.end()) {
        whiteouts_.insert(std::move(child));
      } else if (item->second.entry.type == EntryType::Directory) {
        pending.push_back(std::move(child));
      }
    }
  }
}

void MemberTree::add_removals(Tree& tree) {
  // A directory that was removed and made again shows nothing of what was there.
  const auto named = whiteouts_;
  for (const std::string& path : named) {
    const auto item = items_.find(path);
    if (item != items_.end() && item->second.entry.type == EntryType::Directory) {
      remove_hidden(path);
    }
  }
  for (const std::string& path : opaque_) {
    const auto item = items_.find(path);
    if (path.empty() || item == items_.end() || item->second.entry.type == EntryType::Directory) {
      remove_hidden(path);
    }
  }
  for (const std::string& path : whiteouts_) {
    if (items_.count(path) != 0 || !below_->find(path)) {
      continue;
    }
    bool hidden = false;
    for (std::string_view at = parent_of(path); !at.empty() && !hidden; at = parent_of(at)) {
      hidden = items_.count(at) == 0 && whiteouts_.count(at) != 0;
    }
    if (!hidden) {
      TreeEntry entry;
      entry.path = path;
      entry.type = EntryType::Whiteout;
      tree.entries.push_back(std::move(entry));
    }
  }
}

Result<MemberTree::Finished> MemberTree::finish() {
  Finished finished;
  add_removals(finished.tree);
  for (const TreeEntry& whiteout : finished.tree.entries) {
    STRATA_TRY(ensure_parents(parent_of(whiteout.path)));
  }
  // The smallest path of a content is its file, the others link to it.
  std::map<std::size_t, const std::string*> first;
  for (auto& [path, item] : items_) {
    TreeEntry& entry = item.entry;
    if (item.implied) {
      finished.implied.insert(path);
    }
    if (entry.type == EntryType::File) {
      const auto [holder, is_first] = first.emplace(item.content, &path);
      if (is_first) {
        entry.size = contents_[item.content].size;
        entry.sha256 = contents_[item.content].sha256;
        finished.contents.emplace(path, item.content);
      } else {
        make_hard_link(entry, *holder->second);
      }
    }
    finished.tree.entries.push_back(std::move(entry));
  }
  sort_tree(finished.tree);
  return finished;
}

}  // namespace strata::backend
