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
    return own->second.type == EntryType::Whiteout ? nullptr : &own->second;
  }
  // The nearest parent of its own has all of its parents above it.
  for (std::string_view at = parent_of(path); !at.empty(); at = parent_of(at)) {
    if (const auto own = entries_.find(at); own != entries_.end()) {
      if (own->second.type != EntryType::Directory) {
        return nullptr;
      }
      break;
    }
  }
  const auto found = below_->find(path);
  return found ? found->entry : nullptr;
}

Result<std::string> TreeEditor::resolve(const std::string& path, const std::string& top) const {
  STRATA_ASSIGN(const std::string within,
                RootView::resolve(path, RootView::FollowLast::Yes,
                                  [&](const std::string& at) { return find(join_path(top, at)); }));
  return join_path(top, within);
}

std::optional<TreeEditor::Standing> TreeEditor::standing(const std::string& path) const {
  if (find(path) == nullptr) {
    return std::nullopt;
  }
  if (const auto own = entries_.find(path); own != entries_.end()) {
    const auto source = sources_.find(path);
    return Standing{own->second,
                    source == sources_.end() ? std::nullopt : std::optional(source->second)};
  }
  return Standing{below_->standing_alone(*below_->find(path)), std::nullopt};
}

bool TreeEditor::is_directory(const std::string& path) const {
  if (path.empty()) {
    return true;
  }
  const TreeEntry* entry = find(path);
  return entry != nullptr && entry->type == EntryType::Directory;
}

Result<std::string> TreeEditor::make_directories(const std::string& path, const FileOwner& owner,
                                                 std::uint32_t mode) {
  STRATA_ASSIGN(std::string resolved, resolve(path));
  for (std::size_t at = 0; !resolved.empty() && at != std::string::npos;) {
    at = resolved.find('/', at + 1);
    const std::string prefix = resolved.substr(0, at);
    const TreeEntry* there = find(prefix);
    if (there == nullptr) {
      TreeEntry directory;
      directory.path = prefix;
      directory.type = EntryType::Directory;
      directory.mode = mode;
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

void TreeEditor::remove_below(const std::string& path) {
  // `0` follows `/`.
  for (auto at = entries_.lower_bound(path + "/");
       at != entries_.end() && at->first < path + "0";) {
    sources_.erase(at->first);
    at = entries_.erase(at);
  }
}

// The directory that the step makes at `path` shows nothing of the one that was there.
void TreeEditor::hide_below(const std::string& path) {
  for (const std::string& name : below_->list(path)) {
    TreeEntry gone;
    gone.path = join_path(path, name);
    gone.type = EntryType::Whiteout;
    entries_.emplace(gone.path, gone);
  }
}

Result<void> TreeEditor::put(TreeEntry entry, const std::optional<FileSource>& source,
                             Replace replace) {
  if (entry.path.size() > kMaxPath) {
    return Error{ErrorCode::Input,
                 fmt::format("`/{}`: the path is longer than {} bytes", entry.path, kMaxPath)};
  }
  const bool is_directory = entry.type == EntryType::Directory;
  const TreeEntry* there = find(entry.path);
  if (there != nullptr && is_directory != (there->type == EntryType::Directory)) {
    if (replace == Replace::SameKind) {
      return Error{ErrorCode::Input, fmt::format("`/{}` is {} in the root, and {} in the source",
                                                 entry.path, kind(*there), kind(entry))};
    }
    remove_below(entry.path);
  }
  if (const auto own = entries_.find(entry.path);
      is_directory && own != entries_.end() && own->second.type != EntryType::Directory) {
    hide_below(entry.path);
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
