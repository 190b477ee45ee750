// Output of the flattened root as files below a directory.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "backend/oci/export_parts.h"
#include "backend/system/beneath.h"
#include "backend/system/file_lock.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/tree/scan.h"
#include "ir/base/path.h"

namespace strata::backend::oci {
namespace {

bool is_ours(const Fd& directory) {
  struct stat info {};
  return ::fstat(directory.get(), &info) == 0 && info.st_uid == ::geteuid() &&
         (info.st_mode & 0777) == 0700;
}

// An empty directory beside `dest`, in its file system; removed, with all in it, unless it was
// moved. Its name is that of `dest`, so that of two exports to one place the second waits, and what
// a killed one left is cleared away by the next.
class StagedDirectory {
 public:
  static Result<StagedDirectory> beside(const std::string& dest) {
    STRATA_ASSIGN(const std::string path, name_for(dest));
    for (;;) {
      if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return errno_error(dest, errno);
      }
      Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!fd.valid() && errno == ENOENT) {
        continue;
      }
      if (!fd.valid() || !is_ours(fd)) {
        return Error{ErrorCode::Machine, path + ": is in the way and not of this user's strata"};
      }
      STRATA_TRY(lock_file(fd, LOCK_EX, path));
      if (is_file_at(fd, path)) {
        StagedDirectory staged(path, std::move(fd));
        STRATA_ASSIGN(const std::vector<std::string> left, list_directory(path));
        for (const std::string& name : left) {
          STRATA_TRY(remove_tree(join_path(path, name)));
        }
        return staged;
      }
    }
  }
  ~StagedDirectory() {
    if (!path_.empty()) {
      (void)remove_tree(path_).ok();
    }
  }
  StagedDirectory(StagedDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  StagedDirectory& operator=(StagedDirectory&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // Whether it became `dest` in one step, which only an absent or empty one allows.
  bool move_to(const std::string& dest) {
    const bool moved = ::rename(path_.c_str(), dest.c_str()) == 0;
    if (moved) {
      path_.clear();
    }
    return moved;
  }

 private:
  StagedDirectory(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  static Result<std::string> name_for(std::string dest) {
    while (dest.size() > 1 && dest.back() == '/') {
      dest.pop_back();
    }
    const std::string parent = directory_of(dest);
    STRATA_TRY(make_directories(parent));
    const auto slash = dest.rfind('/');
    const std::string last = slash == std::string::npos ? dest : dest.substr(slash + 1);
    // `.` and `..` have no name to put something beside.
    constexpr std::size_t kLongest = 200;
    const bool inside = last == "." || last == ".." || last.empty();
    return inside ? dest + "/.strata-staged" : parent + "/.strata-" + last.substr(0, kLongest);
  }

  std::string path_;
  Fd lock_;
};

// A directory as the tree has it; owners only where this process may set them.
Result<void> apply_attributes(const Fd& fd, const TreeEntry& entry) {
  const struct timespec time { entry.mtime, 0 };
  const std::array<struct timespec, 2> times{time, time};
  if ((::fchown(fd.get(), entry.uid, entry.gid) != 0 && ::geteuid() == 0) ||
      ::fchmod(fd.get(), entry.mode) != 0 || ::futimens(fd.get(), times.data()) != 0) {
    return errno_error(entry.path, errno);
  }
  return {};
}

// Moves the staged files into a directory that holds others: directories are shared, files
// replaced, and what the image does not have is left. No symlink in it is followed.
class Merger {
 public:
  Merger(const Fd& from, const Fd& to) : from_(&from), to_(&to) {}

  Result<void> merge(const Tree& tree) {
    for (const TreeEntry& entry : tree.entries) {
      if (entry.path.empty()) {
        continue;
      }
      STRATA_TRY(entry.type == EntryType::Directory ? make(entry) : move(entry));
    }
    // Children first, so that their arrival does not change the times.
    for (auto entry = tree.entries.rbegin(); entry != tree.entries.rend(); ++entry) {
      if (entry->type != EntryType::Directory || entry->path.empty()) {
        continue;
      }
      const Fd fd = open_beneath(to_->get(), entry->path, O_RDONLY | O_DIRECTORY);
      if (!fd.valid()) {
        return errno_error(entry->path, errno);
      }
      STRATA_TRY(apply_attributes(fd, *entry));
    }
    return {};
  }

 private:
  Result<void> make(const TreeEntry& entry) {
    const std::string_view directory = parent_of(entry.path);
    const std::string name(base_name(entry.path));
    const Fd parent = open_beneath(to_->get(), directory, O_RDONLY | O_DIRECTORY);
    if (!parent.valid() || (::mkdirat(parent.get(), name.c_str(), 0700) != 0 && errno != EEXIST)) {
      return errno_error(entry.path, errno);
    }
    return {};
  }

  Result<void> move(const TreeEntry& entry) {
    const std::string_view directory = parent_of(entry.path);
    const std::string name(base_name(entry.path));
    const Fd source = open_beneath(from_->get(), directory, O_RDONLY | O_DIRECTORY);
    const Fd target = open_beneath(to_->get(), directory, O_RDONLY | O_DIRECTORY);
    if (!source.valid() || !target.valid() ||
        ::renameat(source.get(), name.c_str(), target.get(), name.c_str()) != 0) {
      return errno_error(entry.path, errno);
    }
    return {};
  }

  const Fd* from_;
  const Fd* to_;
};

Result<void> merge_into(const Tree& tree, const std::string& staged, const std::string& dest) {
  const Fd from(::open(staged.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd to(::open(dest.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from.valid() || !to.valid()) {
    return errno_error(dest, errno);
  }
  return Merger(from, to).merge(tree);
}

}  // namespace

Result<void> export_local(Store& store, const ExportRequest& request) {
  STRATA_ASSIGN(const TreeWithContent root, flatten(store, request.manifest));
  STRATA_ASSIGN(StagedDirectory staged, StagedDirectory::beside(request.dest));
  STRATA_TRY(materialize(*root.tree, *root.content, staged.path()));
  // mkdtemp's 0700 is not meant for others to find.
  const bool has_top = root.tree->find("") != nullptr;
  if (!has_top && ::chmod(staged.path().c_str(), 0755) != 0) {
    return errno_error(staged.path(), errno);
  }
  // The last moment at which nothing of it shows.
  STRATA_TRY(check_interrupted());
  if (staged.move_to(request.dest)) {
    return {};
  }
  const int error_number = errno;
  return exists(request.dest) ? merge_into(*root.tree, staged.path(), request.dest)
                              : Result<void>(errno_error(request.dest, error_number));
}

}  // namespace strata::backend::oci
