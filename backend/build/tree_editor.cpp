// A step's changes to a root, collected path by path.
#include "backend/build/tree_editor.h"

#include <fmt/format.h>

#include "ir/base/check.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

std::string_view kind(const TreeEntry& entry) {
  return entry.type == EntryType::Directory ? "a directory" : "no directory";
}

}  // namespace

const TreeEntry* TreeEditor::find(const std::string& path) const {
  if (const auto own = entries_.find(path); own != entries_.end()) {
    return &own->second;
  }
  const auto found = below_->find(path);
  return found ? found->entry : nullptr;
}

Result<std::string> TreeEditor::resolve(const std::string& path) const {
  return below_->resolve(path, RootView::FollowLast::Yes);
}

bool TreeEditor::is_directory(const std::string& path) const {
  if (path.empty()) {
    return true;
  }
  const TreeEntry* entry = find(path);
  return entry != nullptr && entry->type == EntryType::Directory;
}

Result<std::string> TreeEditor::make_directories(const std::string& path, const FileOwner& owner) {
  STRATA_ASSIGN(std::string resolved, resolve(path));
  for (std::size_t at = 0; !resolved.empty() && at != std::string::npos;) {
    at = resolved.find('/', at + 1);
    const std::string prefix = resolved.substr(0, at);
    const TreeEntry* there = find(prefix);
    if (there == nullptr) {
      TreeEntry directory;
      directory.path = prefix;
      directory.type = EntryType::Directory;
      directory.mode = 0755;
      directory.uid = owner.uid;
      directory.gid = owner.gid;
      directory.mtime = epoch_;
      STRATA_TRY(put(std::move(directory), std::nullopt));
    } else if (there->type != EntryType::Directory) {
      return Error{ErrorCode::Input,
                   fmt::format("`/{}` is in the way: it is no directory", prefix)};
    }
  }
  return resolved;
}

void TreeEditor::add_parents(const std::string& path) {
  for (std::string_view parent = parent_of(path); !parent.empty(); parent = parent_of(parent)) {
    if (entries_.contains(parent)) {
      return;
    }
    const auto below = below_->find(parent);
    STRATA_CHECK(below.has_value(), "an entry was put before its parent");
    entries_.emplace(parent, *below->entry);
  }
}

Result<void> TreeEditor::put(TreeEntry entry, const std::optional<ContentRef>& content) {
  if (const TreeEntry* there = find(entry.path)) {
    const bool is_directory = there->type == EntryType::Directory;
    if (is_directory != (entry.type == EntryType::Directory)) {
      return Error{ErrorCode::Input, fmt::format("`/{}` is {} in the root, and {} in the source",
                                                 entry.path, kind(*there), kind(entry))};
    }
  }
  add_parents(entry.path);
  if (content) {
    content_.insert_or_assign(entry.path, *content);
  } else {
    content_.erase(entry.path);
  }
  std::string path = entry.path;
  entries_.insert_or_assign(std::move(path), std::move(entry));
  return {};
}

// A hard link is kept only while the entry that it names is still the file that it was when it was
// put; `put` gave every link the file's own attributes and bytes, so that it can stand alone.
void TreeEditor::repair_hardlinks() {
  for (auto& [path, entry] : entries_) {
    if (entry.type != EntryType::Hardlink) {
      continue;
    }
    const auto target = entries_.find(entry.link);
    const bool kept = target != entries_.end() && entry.link < path &&
                      target->second.type == EntryType::File &&
                      target->second.sha256 == entry.sha256 && target->second.mode == entry.mode &&
                      target->second.uid == entry.uid && target->second.gid == entry.gid;
    if (!kept) {
      entry.type = EntryType::File;
      entry.link.clear();
    }
  }
}

TreeWithContent TreeEditor::take() {
  repair_hardlinks();
  auto tree = std::make_shared<Tree>();
  tree->entries.reserve(entries_.size());
  for (auto& [path, entry] : entries_) {
    if (entry.type == EntryType::Hardlink) {
      content_.erase(path);
      entry.sha256 = {};
      entry.size = 0;
    }
    tree->entries.push_back(std::move(entry));
  }
  entries_.clear();
  return {std::move(tree), mapped_content(std::move(content_))};
}

}  // namespace strata::backend
