// From a copy's sources to the items that land: selections, heredocs, and paths of other roots.
#include <fmt/format.h>

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

// The entry as it stands at `path` of the item. A hard link gets the attributes of the file that it
// names, so that it can stand alone, and stays a link only when that file is part of the item.
Result<TreeEntry> item_entry(const RootView& root, const TreeEntry& found, const std::string& item,
                             std::string path) {
  TreeEntry entry = found;
  entry.path = std::move(path);
  if (entry.type != EntryType::Hardlink) {
    return entry;
  }
  const auto target = root.find(found.link);
  if (!target || target->entry->type != EntryType::File) {
    return Error{ErrorCode::Corrupt, fmt::format("/{}: the hard link names no file", found.path)};
  }
  entry.size = target->entry->size;
  entry.sha256 = target->entry->sha256;
  const std::string prefix = item.empty() ? "" : item + "/";
  if (!entry.path.empty() && found.link.starts_with(prefix)) {
    entry.link = found.link.substr(prefix.size());
  } else {
    entry.type = EntryType::File;
    entry.link.clear();
  }
  return entry;
}

Result<CopyItem> root_item(const RootView& root, const std::shared_ptr<const Content>& content,
                           const std::string& match) {
  STRATA_ASSIGN(const std::string path, root.resolve(match, RootView::FollowLast::Yes));
  CopyItem item{std::string(base_name(match)), false, {}, content, path, CopyItem::Times::Clamped};
  TreeEntry top;
  top.type = EntryType::Directory;
  top.mode = 0755;
  if (!path.empty()) {
    const auto found = root.find(path);
    if (!found) {
      return Error{ErrorCode::NotFound,
                   fmt::format("`/{}` is a link to `/{}`, which is not there", match, path)};
    }
    STRATA_ASSIGN(top, item_entry(root, *found->entry, path, ""));
  } else if (const auto own = root.find("")) {
    top = *own->entry;
  }
  item.is_directory = top.type == EntryType::Directory;
  item.entries.push_back(std::move(top));
  if (!item.is_directory) {
    return item;
  }
  std::optional<Error> error;
  root.walk(path, [&](const RootView::Found& found) {
    const std::string relative =
        path.empty() ? found.entry->path : found.entry->path.substr(path.size() + 1);
    auto entry = item_entry(root, *found.entry, path, relative);
    if (!entry) {
      error = std::move(entry).error();
    } else {
      item.entries.push_back(*std::move(entry));
    }
  });
  if (error) {
    return *std::move(error);
  }
  return item;
}

}  // namespace

std::vector<CopyItem> items_of(const Selection& selection,
                               const std::shared_ptr<const Content>& content) {
  std::vector<CopyItem> items;
  for (const SelectedItem& selected : selection.items) {
    CopyItem item{std::string(base_name(selected.path)),
                  selected.is_directory,
                  selected.tree->entries,
                  content,
                  selected.resolved,
                  CopyItem::Times::Epoch};
    if (!selected.is_directory) {
      for (TreeEntry& entry : item.entries) {
        entry.path.clear();
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
                     {std::move(entry)},
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
  if (paths.empty()) {
    return Error{ErrorCode::NotFound,
                 fmt::format("`{}` is not in the root that it is copied from", path)};
  }
  std::vector<CopyItem> items;
  for (const std::string& match : paths) {
    STRATA_ASSIGN(CopyItem item, root_item(root, content, match));
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace strata::backend
