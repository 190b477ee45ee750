// lay_out: a tree becomes files: directories first, then contents, then links, directories' own
// attributes last.
#include "backend/tree/lay_out.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/system/parallel.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

// An entry's place: its directory, opened, and its name there.
struct Place {
  Fd parent;
  std::string name;
};

class LayOut {
 public:
  LayOut(const Tree& tree, const std::string& directory, const PlaceFile& place)
      : tree_(&tree), directory_(&directory), place_(&place), is_root_(::geteuid() == 0) {}

  Result<void> run(unsigned jobs) {
    root_ = Fd(::open(directory_->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root_.valid()) {
      return errno_error(*directory_, errno);
    }
    std::vector<const TreeEntry*> files;
    std::vector<const TreeEntry*> directories;
    std::vector<const TreeEntry*> others;
    for (const TreeEntry& entry : tree_->entries) {
      const bool is_file = entry.type == EntryType::File;
      const bool is_directory = entry.type == EntryType::Directory;
      (is_file ? files : is_directory ? directories : others).push_back(&entry);
    }
    for (const TreeEntry* entry : directories) {
      STRATA_TRY(make_directory(*entry));
    }
    STRATA_TRY(
        run_parallel(jobs, files.size(), [&](std::size_t i) { return make_file(*files[i]); }));
    for (const TreeEntry* entry : others) {
      STRATA_TRY(make_other(*entry));
    }
    // Deepest first: each directory gets its mtime after its content has changed for the last time.
    for (std::size_t i = directories.size(); i > 0; --i) {
      STRATA_TRY(finish_directory(*directories[i - 1]));
    }
    return {};
  }

 private:
  [[nodiscard]] Error error(const TreeEntry& entry, int error_number) const {
    return errno_error(*directory_ + "/" + entry.path, error_number);
  }

  Result<Place> place_of(const TreeEntry& entry, const std::string& path) const {
    Place place{open_beneath(root_.get(), parent_of(path), O_PATH | O_DIRECTORY),
                std::string(base_name(path))};
    if (!place.parent.valid()) {
      return error(entry, errno);
    }
    return place;
  }

  Result<void> make_directory(const TreeEntry& entry) const {
    if (entry.path.empty()) {
      return {};
    }
    STRATA_ASSIGN(const Place place, place_of(entry, entry.path));
    if (::mkdirat(place.parent.get(), place.name.c_str(), 0700) != 0) {
      return error(entry, errno);
    }
    return {};
  }

  Result<void> make_file(const TreeEntry& entry) const {
    STRATA_ASSIGN(const Place place, place_of(entry, entry.path));
    STRATA_ASSIGN(const Fd fd, (*place_)(entry, place.parent.get(), place.name));
    return set_attributes(entry, fd.get());
  }

  Result<void> finish_directory(const TreeEntry& entry) const {
    const Fd fd = open_beneath(root_.get(), entry.path, O_RDONLY | O_DIRECTORY);
    return fd.valid() ? set_attributes(entry, fd.get()) : error(entry, errno);
  }

  // The order matters: chown clears set-id bits and capabilities, and each of them changes ctime
  // only, so times come last.
  Result<void> set_attributes(const TreeEntry& entry, int fd) const {
    if (::fchown(fd, entry.uid, entry.gid) != 0 && is_root_) {
      return error(entry, errno);
    }
    if (::fchmod(fd, entry.mode) != 0) {
      return error(entry, errno);
    }
    for (const auto& [name, value] : entry.xattrs) {
      const bool must = is_root_ || name.substr(0, 5) == "user.";
      if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && must) {
        return error(entry, errno).with_context("extended attribute " + name);
      }
    }
    const timespec times[2] = {{0, UTIME_OMIT}, {entry.mtime, 0}};
    if (::futimens(fd, static_cast<const timespec*>(times)) != 0) {
      return error(entry, errno);
    }
    return {};
  }

  // What has no content and cannot be opened.
  Result<void> make_other(const TreeEntry& entry) const {
    STRATA_ASSIGN(const Place place, place_of(entry, entry.path));
    if (entry.type == EntryType::Hardlink) {
      return link_to(entry, place);
    }
    const int parent = place.parent.get();
    const char* name = place.name.c_str();
    if (entry.type == EntryType::Symlink) {
      if (::symlinkat(entry.link.c_str(), parent, name) != 0) {
        return error(entry, errno);
      }
    } else if (::mknodat(parent, name, node_type(entry.type),
                         makedev(entry.dev_major, entry.dev_minor)) != 0) {
      return error(entry, errno);
    }
    if (entry.type == EntryType::Whiteout) {
      return {};
    }
    if (::fchownat(parent, name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0 && is_root_) {
      return error(entry, errno);
    }
    if (entry.type != EntryType::Symlink && ::fchmodat(parent, name, entry.mode, 0) != 0) {
      return error(entry, errno);
    }
    const timespec times[2] = {{0, UTIME_OMIT}, {entry.mtime, 0}};
    if (::utimensat(parent, name, static_cast<const timespec*>(times), AT_SYMLINK_NOFOLLOW) != 0) {
      return error(entry, errno);
    }
    return {};
  }

  static mode_t node_type(EntryType type) {
    if (type == EntryType::Fifo) {
      return S_IFIFO;
    }
    return type == EntryType::Block ? S_IFBLK : S_IFCHR;
  }

  Result<void> link_to(const TreeEntry& entry, const Place& place) const {
    STRATA_ASSIGN(const Place target, place_of(entry, entry.link));
    if (::linkat(target.parent.get(), target.name.c_str(), place.parent.get(), place.name.c_str(),
                 0) != 0) {
      return error(entry, errno);
    }
    return {};
  }

  const Tree* tree_;
  const std::string* directory_;
  const PlaceFile* place_;
  bool is_root_;
  Fd root_;
};

}  // namespace

Result<void> lay_out(const Tree& tree, const std::string& directory, unsigned jobs,
                     const PlaceFile& place) {
  return LayOut(tree, directory, place).run(jobs);
}

}  // namespace strata::backend
