// A step's changes to a root, collected path by path.
#include "backend/build/tree_editor.h"

#include <fmt/format.h>

#include <utility>

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

Result<void> TreeEditor::put(TreeEntry entry, const std::optional<FileSource>& source) {
  if (const TreeEntry* there = find(entry.path)) {
    const bool is_directory = there->type == EntryType::Directory;
    if (is_directory != (entry.type == EntryType::Directory)) {
      return Error{ErrorCode::Input, fmt::format("`/{}` is {} in the root, and {} in the source",
                                                 entry.path, kind(*there), kind(entry))};
    }
  }
  add_parents(entry.path);
  if (source) {
    sources_.insert_or_assign(entry.path, *source);
  } else {
    sources_.erase(entry.path);
  }
  std::string path = entry.path;
  entries_.insert_or_assign(std::move(path), std::move(entry));
  return {};
}

TreeWithContent TreeEditor::take() {
  auto tree = std::make_shared<Tree>();
  tree->entries.reserve(entries_.size());
  std::map<std::string, ContentRef> content;
  std::map<std::pair<const Content*, std::size_t>, std::string> first;
  for (auto& [path, entry] : entries_) {
    if (const auto source = sources_.find(path); source != sources_.end()) {
      const auto& [bytes, inode] = source->second;
      const auto [file, is_first] = first.try_emplace({bytes.content.get(), inode}, path);
      if (inode == 0 || is_first) {
        content.emplace(path, bytes);
      } else {
        make_hard_link(entry, file->second);
      }
    }
    tree->entries.push_back(std::move(entry));
  }
  entries_.clear();
  sources_.clear();
  return {std::move(tree), mapped_content(std::move(content))};
}

}  // namespace strata::backend
