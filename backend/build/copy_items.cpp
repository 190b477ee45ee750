// From a copy's sources to the items that land: selections, heredocs, and paths of other roots.
#include <fmt/format.h>

#include <unordered_map>

#include "backend/build/copy.h"
#include "ir/base/digest.h"
#include "ir/base/path.h"
#include "ir/path_pattern.h"

namespace strata::backend {
namespace {

// Paths of a root that match a pattern, sorted. Wildcard components match names; the others go
// through symlinks as any path does.
Result<std::vector<std::string>> matches(const RootView& root, const std::string& path) {
  std::vector<std::string> found = {""};
  for (const std::string& component : path_components(path)) {
    if (component == ".") {
      continue;
    }
    std::vector<std::string> next;
    for (const std::string& directory : found) {
      STRATA_ASSIGN(const std::string resolved, root.resolve(directory, RootView::FollowLast::Yes));
      if (!ir::has_wildcard(component)) {
        if (root.find(join_path(resolved, component))) {
          next.push_back(join_path(resolved, component));
        }
        continue;
      }
      for (const std::string& name : root.list(resolved)) {
        STRATA_ASSIGN(const bool match, ir::match_pattern(component, name));
        if (match) {
          next.push_back(join_path(resolved, name));
        }
      }
    }
    found = std::move(next);
  }
  return found;
}

// The entries of one source, which numbers the files that they are names of.
class SourceNames {
 public:
  explicit SourceNames(const RootView& root) : root_(&root) {}

  CopyEntry at(std::string path, const RootView::Found& found) {
    CopyEntry named{root_->standing_alone(found)};
    named.entry.path = std::move(path);
    if (named.entry.type == EntryType::File) {
      named.inode =
          inodes_.try_emplace(root_->file_of(found).entry, inodes_.size() + 1).first->second;
    }
    return named;
  }

 private:
  const RootView* root_;
  std::unordered_map<const TreeEntry*, std::size_t> inodes_;
};

Result<CopyItem> root_item(const RootView& root, SourceNames& names,
                           const std::shared_ptr<const Content>& content,
                           const std::string& match) {
  STRATA_ASSIGN(const std::string path, root.resolve(match, RootView::FollowLast::Yes));
  CopyItem item{std::string(base_name(match)), false, {}, content, path, CopyItem::Times::Clamped};
  CopyEntry top;
  top.entry.type = EntryType::Directory;
  top.entry.mode = 0755;
  if (!path.empty()) {
    const auto found = root.find(path);
    if (!found) {
      return Error{ErrorCode::NotFound,
                   fmt::format("`/{}` is a link to `/{}`, which is not there", match, path)};
    }
    top = names.at("", *found);
  } else if (const auto own = root.find("")) {
    top = names.at("", *own);
  }
  item.is_directory = top.entry.type == EntryType::Directory;
  item.entries.push_back(std::move(top));
  if (!item.is_directory) {
    return item;
  }
  const std::size_t prefix = path.empty() ? 0 : path.size() + 1;
  root.walk(path, [&](const RootView::Found& found) {
    item.entries.push_back(names.at(found.entry->path.substr(prefix), found));
  });
  return item;
}

}  // namespace

std::vector<CopyItem> items_of(const Selection& selection,
                               const std::shared_ptr<const Content>& content) {
  std::vector<CopyItem> items;
  for (const SelectedItem& selected : selection.items) {
    CopyItem item{std::string(base_name(selected.path)),
                  selected.is_directory,
                  {},
                  content,
                  selected.resolved,
                  CopyItem::Times::Epoch};
    for (const TreeEntry& entry : selected.tree->entries) {
      TreeEntry& added = item.entries.emplace_back(CopyEntry{entry}).entry;
      if (!selected.is_directory) {
        added.path.clear();
      }
    }
    items.push_back(std::move(item));
  }
  return items;
}

std::vector<CopyItem> items_of(const ir::Inline& files) {
  std::map<std::string, std::string> bytes;
  for (const ir::InlineFile& file : files.files) {
    bytes.emplace(file.path, file.content);
  }
  const auto content = memory_content(std::move(bytes));
  std::vector<CopyItem> items;
  for (const ir::InlineFile& file : files.files) {
    TreeEntry entry;
    entry.mode = static_cast<std::uint32_t>(file.mode) & 07777U;
    entry.size = file.content.size();
    entry.sha256 = Digest::of(file.content);
    items.push_back({std::string(base_name(file.path)),
                     false,
                     {CopyEntry{std::move(entry)}},
                     content,
                     file.path,
                     CopyItem::Times::Epoch});
  }
  return items;
}

Result<std::vector<CopyItem>> items_of(const RootView& root,
                                       const std::shared_ptr<const Content>& content,
                                       const std::string& path) {
  STRATA_ASSIGN(const std::vector<std::string> paths, matches(root, path));
  if (paths.empty() && !ir::has_wildcard(path)) {
    return Error{ErrorCode::NotFound,
                 fmt::format("`{}` is not in the root that it is copied from", path)};
  }
  std::vector<CopyItem> items;
  SourceNames names(root);
  for (const std::string& match : paths) {
    STRATA_ASSIGN(CopyItem item, root_item(root, names, content, match));
    items.push_back(std::move(item));
  }
  return items;
}

CopyItem archive_item(const std::string& name, const TreeWithContent& members) {
  CopyItem item{name, true, {}, members.content, "", CopyItem::Times::Clamped};
  const RootView root({members.tree});
  SourceNames names(root);
  for (const TreeEntry& entry : members.tree->entries) {
    item.entries.push_back(names.at(entry.path, {&entry, 0}));
  }
  return item;
}

}  // namespace strata::backend
