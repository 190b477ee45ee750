// lay_out: a tree becomes files: directories first, then contents, then links, directories' own
// attributes last.
#include "backend/tree/lay_out.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/system/parallel.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

// An entry's place: its directory, opened, and its name there.
struct Place {
  Fd parent;
  std::string name;
};

// Opens directories beneath a root, each beginning where the last one's path parts from its own, so
// that deep trees take time that grows as their paths do.
class DirectoryOpener {
 public:
  explicit DirectoryOpener(int root) : root_(root) {}

  Fd open(std::string_view path, int flags) {
    while (!passed_.empty() && !is_in(path, passed_.back().path)) {
      passed_.pop_back();
    }
    for (std::string_view rest = rest_of(path);; rest = rest_of(path)) {
      std::size_t end = 0;
      for (int names = 0; names < kStride && end != std::string_view::npos; ++names) {
        end = rest.find('/', end + 1);
      }
      if (end == std::string_view::npos) {
        return open_beneath(base(), rest, flags);
      }
      Fd fd = open_beneath(base(), rest.substr(0, end), O_PATH | O_DIRECTORY);
      if (!fd.valid()) {
        return fd;
      }
      passed_.push_back(
          {std::string(path.substr(0, path.size() - rest.size() + end)), std::move(fd)});
    }
  }

 private:
  static constexpr int kStride = 64;
  struct Passed {
    std::string path;
    Fd fd;
  };

  static bool is_in(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
  }
  [[nodiscard]] int base() const { return passed_.empty() ? root_ : passed_.back().fd.get(); }
  // Of the path, what is below the last directory that was passed; "" is that directory.
  [[nodiscard]] std::string_view rest_of(std::string_view path) const {
    path.remove_prefix(passed_.empty() ? 0 : passed_.back().path.size());
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    return path;
  }

  int root_;
  std::vector<Passed> passed_;
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
    directories_.emplace(root_.get());
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
    if (jobs <= 1) {
      for (const TreeEntry* entry : files) {
        STRATA_ASSIGN(const Place place, place_of(*entry, entry->path));
        STRATA_TRY(make_file(*entry, place));
      }
    } else {
      STRATA_TRY(run_parallel(jobs, files.size(), [&](std::size_t i) -> Result<void> {
        const Place place{
            open_beneath(root_.get(), parent_of(files[i]->path), O_PATH | O_DIRECTORY),
            std::string(base_name(files[i]->path))};
        return place.parent.valid() ? make_file(*files[i], place) : error(*files[i], errno);
      }));
    }
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

  Result<Place> place_of(const TreeEntry& entry, const std::string& path) {
    Place place{directories_->open(parent_of(path), O_PATH | O_DIRECTORY),
                std::string(base_name(path))};
    if (!place.parent.valid()) {
      return error(entry, errno);
    }
    return place;
  }

  Result<void> make_directory(const TreeEntry& entry) {
    if (entry.path.empty()) {
      return {};
    }
    STRATA_TRY(check_interrupted());
    STRATA_ASSIGN(const Place place, place_of(entry, entry.path));
    if (::mkdirat(place.parent.get(), place.name.c_str(), 0700) != 0) {
      return error(entry, errno);
    }
    return {};
  }

  // Called from several threads.
  Result<void> make_file(const TreeEntry& entry, const Place& place) const {
    STRATA_TRY(check_interrupted());
    STRATA_ASSIGN(const Fd fd, (*place_)(entry, place.parent.get(), place.name));
    return set_attributes(entry, fd.get());
  }

  Result<void> finish_directory(const TreeEntry& entry) {
    STRATA_TRY(check_interrupted());
    const Fd fd = directories_->open(entry.path, O_RDONLY | O_DIRECTORY);
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
  Result<void> make_other(const TreeEntry& entry) {
    STRATA_TRY(check_interrupted());
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

  Result<void> link_to(const TreeEntry& entry, const Place& place) {
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
  // For one thread.
  std::optional<DirectoryOpener> directories_;
};

}  // namespace

Result<void> lay_out(const Tree& tree, const std::string& directory, unsigned jobs,
                     const PlaceFile& place) {
  return LayOut(tree, directory, place).run(jobs);
}

}  // namespace strata::backend
