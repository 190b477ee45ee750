// RootView: answers questions about the file system that a chain of diff trees makes, by binary
// search in each.
#include "backend/tree/root_view.h"

#include <algorithm>
#include <iterator>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "ir/base/check.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

using Entries = std::vector<TreeEntry>;

Entries::const_iterator lower_bound(const Tree& tree, std::string_view path) {
  return std::lower_bound(
      tree.entries.begin(), tree.entries.end(), path,
      [](const TreeEntry& entry, std::string_view p) { return entry.path < p; });
}

struct Range {
  Entries::const_iterator begin;
  Entries::const_iterator end;
};

// Everything below `directory`: `/` is followed by `0`, so the range ends where `directory0` would
// stand.
Range below(const Tree& tree, const std::string& directory) {
  if (directory.empty()) {
    const bool has_root = !tree.entries.empty() && tree.entries.front().path.empty();
    return {tree.entries.begin() + (has_root ? 1 : 0), tree.entries.end()};
  }
  return {lower_bound(tree, directory + "/"), lower_bound(tree, directory + "0")};
}

// Whether this layer has something other than a directory at `path` or above it, so that nothing
// below `path` in lower layers is seen. A layer holds the parents of its entries: the last
// component that it has decides, and all above it are directories.
bool hides_below(const Tree& tree, std::string_view path) {
  const auto at = [&](std::size_t end) { return tree.find(path.substr(0, end)); };
  // Most layers have nothing of most paths.
  if (path.empty() || at(path.find('/')) == nullptr) {
    return false;
  }
  const TreeEntry* last = at(path.size());
  if (last == nullptr) {
    std::vector<std::size_t> ends;
    for (std::size_t end = path.find('/'); end != std::string_view::npos;
         end = path.find('/', end + 1)) {
      ends.push_back(end);
    }
    const auto missing = std::partition_point(ends.begin(), ends.end(),
                                              [&](std::size_t end) { return at(end) != nullptr; });
    last = at(*std::prev(missing));
  }
  return last->type != EntryType::Directory;
}

// The lowest layer of which something below `directory` can be seen.
std::size_t lowest_visible(const std::vector<std::shared_ptr<const Tree>>& layers,
                           const std::string& directory) {
  for (std::size_t layer = layers.size(); layer > 0; --layer) {
    if (hides_below(*layers[layer - 1], directory)) {
      return layer;
    }
  }
  return 0;
}

// Merges the layers' ranges by path, highest layer first among equals.
class Merge {
 public:
  explicit Merge(const std::vector<std::shared_ptr<const Tree>>& layers) : layers_(&layers) {}

  void walk(const std::string& directory,
            const std::function<void(const RootView::Found&)>& visit) {
    const std::size_t floor = lowest_visible(*layers_, directory);
    floors_.emplace(directory, floor);
    for (std::size_t layer = floor; layer < layers_->size(); ++layer) {
      const Range range = below(*(*layers_)[layer], directory);
      if (range.begin != range.end) {
        queue_.push({range.begin, range.end, layer});
      }
    }
    while (!queue_.empty()) {
      step(visit);
    }
  }

 private:
  struct Cursor {
    Entries::const_iterator at;
    Entries::const_iterator end;
    std::size_t layer;
  };
  struct After {
    bool operator()(const Cursor& a, const Cursor& b) const {
      const int order = a.at->path.compare(b.at->path);
      return order != 0 ? order > 0 : a.layer < b.layer;
    }
  };

  Cursor pop() {
    const Cursor top = queue_.top();
    queue_.pop();
    Cursor next = top;
    if (++next.at != next.end) {
      queue_.push(next);
    }
    return top;
  }

  // Handles all entries of the smallest path.
  void step(const std::function<void(const RootView::Found&)>& visit) {
    const Cursor top = pop();
    const TreeEntry& entry = *top.at;
    const auto parent = floors_.find(parent_of(entry.path));
    // A parent that was not seen is hidden as a whole.
    const std::size_t parent_floor = parent == floors_.end() ? layers_->size() : parent->second;
    const bool visible = top.layer >= parent_floor && entry.type != EntryType::Whiteout;
    bool open = visible && entry.type == EntryType::Directory;
    const bool is_directory = open;
    std::size_t floor = parent_floor;
    while (!queue_.empty() && queue_.top().at->path == entry.path) {
      const Cursor lower = pop();
      if (open && lower.at->type != EntryType::Directory) {
        floor = std::max(floor, lower.layer + 1);
        open = false;
      }
    }
    if (is_directory) {
      floors_.emplace(entry.path, floor);
    }
    if (visible) {
      visit({&entry, top.layer});
    }
  }

  const std::vector<std::shared_ptr<const Tree>>* layers_;
  std::priority_queue<Cursor, std::vector<Cursor>, After> queue_;
  // Of each directory seen, the lowest layer that shows below it. Only looked up, never iterated.
  std::unordered_map<std::string_view, std::size_t> floors_;
};

// Adds the components of `path` to `pending`, whose back is what comes next.
void push_components(std::vector<std::string>& pending, std::string_view path) {
  std::vector<std::string> names = path_components(path);
  pending.insert(pending.end(), std::make_move_iterator(names.rbegin()),
                 std::make_move_iterator(names.rend()));
}

}  // namespace

std::optional<RootView::Found> RootView::find(std::string_view path) const {
  for (std::size_t layer = layers_.size(); layer > 0; --layer) {
    const Tree& tree = *layers_[layer - 1];
    if (const TreeEntry* entry = tree.find(path)) {
      if (entry->type == EntryType::Whiteout) {
        return std::nullopt;
      }
      return Found{entry, layer - 1};
    }
    if (hides_below(tree, parent_of(path))) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

RootView::Found RootView::file_of(const Found& name) const {
  if (name.entry->type != EntryType::Hardlink) {
    return name;
  }
  const TreeEntry* file = layers_[name.layer]->find(name.entry->link);
  STRATA_CHECK(file != nullptr, "a tree holds the file of each of its hard links");
  return {file, name.layer};
}

TreeEntry RootView::standing_alone(const Found& name) const {
  TreeEntry entry = *file_of(name).entry;
  entry.path = name.entry->path;
  return entry;
}

Result<std::string> RootView::resolve(const std::string& path, FollowLast follow) const {
  return resolve(path, follow, [this](const std::string& at) {
    const std::optional<Found> found = find(at);
    return found ? found->entry : nullptr;
  });
}

Result<std::string> RootView::resolve(const std::string& path, FollowLast follow,
                                      const Lookup& at) {
  constexpr int kMaxLinks = 40;
  int links = 0;
  // `link/` means what the link points to, as it does to the kernel.
  const bool follow_last = follow == FollowLast::Yes || (!path.empty() && path.back() == '/');
  std::vector<std::string> pending;
  push_components(pending, path);
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
    const bool follows = follow_last || !pending.empty();
    const TreeEntry* found = follows ? at(next) : nullptr;
    if (found == nullptr || found->type != EntryType::Symlink) {
      current = std::move(next);
      continue;
    }
    if (++links > kMaxLinks) {
      return Error{ErrorCode::Input, path + ": more than 40 symbolic links on the way"};
    }
    const std::string& target = found->link;
    if (!target.empty() && target.front() == '/') {
      current.clear();
    }
    push_components(pending, target);
  }
  return current;
}

std::vector<std::string> RootView::list(const std::string& directory) const {
  std::vector<std::string> names;
  std::unordered_set<std::string_view> decided;
  const std::size_t floor = lowest_visible(layers_, directory);
  const std::size_t prefix = directory.empty() ? 0 : directory.size() + 1;
  for (std::size_t layer = layers_.size(); layer > floor; --layer) {
    const Tree& tree = *layers_[layer - 1];
    const Range range = below(tree, directory);
    for (auto at = range.begin; at < range.end;) {
      const std::string_view name = std::string_view(at->path).substr(prefix);
      const std::size_t slash = name.find('/');
      if (slash != std::string_view::npos) {
        // Past the whole subtree: its top was seen before.
        at = lower_bound(tree, at->path.substr(0, prefix + slash) + "0");
        continue;
      }
      if (decided.insert(name).second && at->type != EntryType::Whiteout) {
        names.emplace_back(name);
      }
      ++at;
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

void RootView::walk(const std::string& directory,
                    const std::function<void(const Found&)>& visit) const {
  Merge(layers_).walk(directory, visit);
}

}  // namespace strata::backend
