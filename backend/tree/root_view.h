#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/tree/tree.h"

namespace strata::backend {

// The file system that a chain of diff trees makes, without unpacking anything.
class RootView {
 public:
  // Bottom first.
  explicit RootView(std::vector<std::shared_ptr<const Tree>> layers) : layers_(std::move(layers)) {}

  struct Found {
    const TreeEntry* entry = nullptr;
    // Index of the layer that holds it.
    std::size_t layer = 0;
  };
  // The entry at exactly this path (no symlink is followed, parents included); nullopt if absent or
  // whited out, or below something that is.
  [[nodiscard]] std::optional<Found> find(std::string_view path) const;

  // What a name's bytes and attributes are: the file that a hard link names *in the layer that
  // holds the link*, whatever layers above made of that file's path; anything else is itself. Names
  // for which this is the same entry are one inode, as an overlay of the layers shows them.
  [[nodiscard]] Found file_of(const Found& name) const;
  // The entry of `name` as it is without any other: a hard link as the file that it is a name of.
  [[nodiscard]] TreeEntry standing_alone(const Found& name) const;

  // `path` (absolute or relative to the root) with every symlink followed inside the root, as
  // chroot would; components that do not exist are kept as they are. FollowLast::No leaves a
  // symlink in the last component, unless `path` ends in `/`. The answer is a tree path: clean, no
  // leading `/`, "" the root. Error (Input): more than 40 links.
  enum class FollowLast { No, Yes };
  [[nodiscard]] Result<std::string> resolve(const std::string& path, FollowLast follow) const;

  // The same over what `at` shows instead of this root; it is asked for clean tree paths and
  // answers nullptr where nothing is.
  using Lookup = std::function<const TreeEntry*(const std::string& path)>;
  [[nodiscard]] static Result<std::string> resolve(const std::string& path, FollowLast follow,
                                                   const Lookup& at);

  // Names in a directory, sorted by bytes.
  [[nodiscard]] std::vector<std::string> list(const std::string& directory) const;
  // Every entry below `directory` (itself excluded), in path order.
  void walk(const std::string& directory, const std::function<void(const Found&)>& visit) const;

  [[nodiscard]] const std::vector<std::shared_ptr<const Tree>>& layers() const { return layers_; }

 private:
  std::vector<std::shared_ptr<const Tree>> layers_;
};

}  // namespace strata::backend
