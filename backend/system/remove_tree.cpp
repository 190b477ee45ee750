// remove_tree: deletes a tree by descriptors alone, however deep it is and whatever its modes are.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

// Takes the immutable and append-only flags off, where there are any.
void clear_flags(int fd) {
  unsigned long flags = 0;
  if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
    flags &= ~static_cast<unsigned long>(FS_IMMUTABLE_FL | FS_APPEND_FL);
    (void)::ioctl(fd, FS_IOC_SETFLAGS, &flags);
  }
}

// Opens `name` in `parent` as a directory; one without read or search permission gets them first.
Fd open_directory(int parent, const char* name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(parent, name, kFlags));
  struct stat info {};
  if (fd.valid() && ::fstat(fd.get(), &info) == 0 && (info.st_mode & 0700) != 0700) {
    (void)::fchmod(fd.get(), 0700);
  }
  if (!fd.valid() && errno == EACCES && ::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISDIR(info.st_mode)) {
    (void)::fchmodat(parent, name, 0700, 0);
    fd = Fd(::openat(parent, name, kFlags));
  }
  return fd;
}

// 0 or an errno.
int unlink_once(int parent, const char* name, int flags) {
  if (::unlinkat(parent, name, flags) == 0 || errno == ENOENT) {
    return 0;
  }
  return errno;
}

int unlink_firmly(int parent, const char* name, int flags) {
  int error_number = unlink_once(parent, name, flags);
  if (error_number != EPERM && error_number != EACCES) {
    return error_number;
  }
  clear_flags(parent);
  struct stat info {};
  if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
      (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))) {
    const Fd fd(::openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd.valid()) {
      clear_flags(fd.get());
    }
  }
  return unlink_once(parent, name, flags);
}

struct Closer {
  void operator()(DIR* directory) const { (void)::closedir(directory); }
};

class TreeRemover {
 public:
  explicit TreeRemover(std::string root) : root_(std::move(root)) {}

  // Empties the directory `top`, which it owns.
  Result<void> empty(Fd top) {
    STRATA_TRY(enter(std::move(top), ""));
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (!level.directories.empty()) {
        const std::string name = std::move(level.directories.back());
        level.directories.pop_back();
        STRATA_TRY(descend(name));
        continue;
      }
      STRATA_TRY(leave());
    }
    return {};
  }

 private:
  struct Level {
    std::string name;
    dev_t device = 0;
    ino_t inode = 0;
    // Not empty when they were seen.
    std::vector<std::string> directories;
  };

  [[nodiscard]] Error error(const std::string& name, int error_number) const {
    return errno_error(root_ + ": " + name, error_number);
  }

  Result<void> descend(const std::string& name) {
    Fd child = open_directory(current_.get(), name.c_str());
    if (!child.valid()) {
      return errno == ENOENT ? Result<void>() : error(name, errno);
    }
    return enter(std::move(child), name);
  }

  // Makes `directory` the current one and removes what is no filled directory in it.
  Result<void> enter(Fd directory, const std::string& name) {
    struct stat info {};
    if (::fstat(directory.get(), &info) != 0) {
      return error(name, errno);
    }
    Level level{name, info.st_dev, info.st_ino, {}};
    const int copy = ::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0);
    const std::unique_ptr<DIR, Closer> stream(copy < 0 ? nullptr : ::fdopendir(copy));
    if (!stream) {
      return error(name, errno);
    }
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own
    while (const dirent* entry = ::readdir(stream.get())) {
      STRATA_TRY(remove_entry(directory.get(), *entry, level));
      errno = 0;
    }
    if (errno != 0) {
      return error(name, errno);
    }
    current_ = std::move(directory);
    levels_.push_back(std::move(level));
    return {};
  }

  Result<void> remove_entry(int directory, const dirent& entry, Level& level) {
    const char* name = static_cast<const char*>(entry.d_name);
    const std::string_view text = name;
    if (text == "." || text == "..") {
      return {};
    }
    int error_number = EISDIR;
    if (entry.d_type != DT_DIR) {
      error_number = unlink_firmly(directory, name, 0);
    }
    if (error_number == EISDIR) {
      error_number = unlink_firmly(directory, name, AT_REMOVEDIR);
      if (error_number == ENOTEMPTY || error_number == EEXIST) {
        level.directories.emplace_back(text);
        return {};
      }
    }
    return error_number == 0 ? Result<void>() : error(name, error_number);
  }

  // Back to the parent, which must still be the directory that was left, then removes the child.
  Result<void> leave() {
    const Level done = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.empty()) {
      return {};
    }
    Fd parent(::openat(current_.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat info {};
    if (!parent.valid() || ::fstat(parent.get(), &info) != 0) {
      return error(done.name, errno);
    }
    if (info.st_dev != levels_.back().device || info.st_ino != levels_.back().inode) {
      return Error{ErrorCode::Io, root_ + ": " + done.name + " was moved while it was removed"};
    }
    current_ = std::move(parent);
    const int error_number = unlink_firmly(current_.get(), done.name.c_str(), AT_REMOVEDIR);
    return error_number == 0 ? Result<void>() : error(done.name, error_number);
  }

  std::string root_;
  Fd current_;
  std::vector<Level> levels_;
};

}  // namespace

Result<void> remove_tree(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Result<void>() : errno_error(path, errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    const int error_number = unlink_firmly(AT_FDCWD, path.c_str(), 0);
    return error_number == 0 ? Result<void>() : errno_error(path, error_number);
  }
  Fd top = open_directory(AT_FDCWD, path.c_str());
  if (!top.valid()) {
    return errno_error(path, errno);
  }
  clear_flags(top.get());
  STRATA_TRY(TreeRemover(path).empty(std::move(top)));
  const int error_number = unlink_firmly(AT_FDCWD, path.c_str(), AT_REMOVEDIR);
  return error_number == 0 ? Result<void>() : errno_error(path, error_number);
}

}  // namespace strata::backend
