// stubs.h: mount points in the mounted root, and their removal from the upper directory.
#include "backend/execute/stubs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/system/open_resolved.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kFileMode = 0644;

// Resolves `path` in `root` as a process chrooted there would.
Fd open_in_root(const Fd& root, const std::string& path, std::uint64_t flags) {
  return open_resolved(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

// The names to walk through; `.` leads nowhere.
std::vector<std::string> names_of(const std::string& path) {
  std::vector<std::string> names = path_components(path);
  std::erase(names, ".");
  return names;
}

Result<void> set_mtime(const Fd& directory, const timespec& mtime, const std::string& name) {
  const std::array<timespec, 2> times = {timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, mtime};
  if (::futimens(directory.get(), times.data()) != 0) {
    return errno_error(name, errno);
  }
  return {};
}

Error unusable(const std::string& path, std::string_view why) {
  return Error{ErrorCode::Input, fmt::format("mount point `{}` in the root: {}", path, why)};
}

std::map<std::string, std::string> read_xattrs(int fd) {
  std::map<std::string, std::string> result;
  std::array<char, 65536> names{};
  const ssize_t size = ::flistxattr(fd, names.data(), names.size());
  for (ssize_t at = 0; at < size;) {
    const std::string name(&names[static_cast<std::size_t>(at)]);
    at += static_cast<ssize_t>(name.size()) + 1;
    std::array<char, 65536> value{};
    const ssize_t length = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    // The overlay's own marks come and go; an opaque one means another inode anyway.
    if (length >= 0 && name.compare(0, 16, "trusted.overlay.") != 0) {
      result[name] = std::string(value.data(), static_cast<std::size_t>(length));
    }
  }
  return result;
}

// Removes a name from a directory whose times stay as they are.
void unlink_quietly(const Fd& parent, const std::string& name, int flags) {
  struct stat before {};
  if (::fstat(parent.get(), &before) == 0 && ::unlinkat(parent.get(), name.c_str(), flags) == 0) {
    // Best effort: the directory is ours, and a wrong time is clamped later.
    static_cast<void>(set_mtime(parent, before.st_mtim, name));
  }
}

}  // namespace

Result<Stubs> Stubs::open(const std::string& root, const std::string& upper) {
  Stubs stubs;
  stubs.root_ = Fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  stubs.upper_ = Fd(::open(upper.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!stubs.root_.valid() || !stubs.upper_.valid()) {
    return errno_error(stubs.root_.valid() ? upper : root, errno);
  }
  STRATA_ASSIGN(stubs.root_path_, stubs.resolved_path(stubs.root_));
  return stubs;
}

// Where a descriptor is: in the root when that is known, else in the file system.
Result<std::string> Stubs::resolved_path(const Fd& fd) const {
  std::string buffer(std::size_t{2} * 4096, '\0');
  const std::string link = fmt::format("/proc/self/fd/{}", fd.get());
  const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
  if (size < 0) {
    return errno_error(link, errno);
  }
  buffer.resize(static_cast<std::size_t>(size));
  if (buffer.compare(0, root_path_.size(), root_path_) != 0) {
    return Error{ErrorCode::Io, buffer + ": not in the root"};
  }
  std::string rest = buffer.substr(root_path_.size());
  return root_path_.empty() || rest.empty() ? rest : rest.substr(1);
}

Result<void> Stubs::touch(const std::string& directory, const Fd& fd) {
  if (touched_.count(directory) != 0) {
    return {};
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return errno_error(directory, errno);
  }
  touched_[directory].mtime = status.st_mtim;
  if (directory.empty()) {
    return {};
  }
  // Its parents are copied up with it.
  const std::string parent(parent_of(directory));
  const Fd parent_fd = open_beneath(root_.get(), parent, O_RDONLY | O_DIRECTORY);
  return parent_fd.valid() ? touch(parent, parent_fd) : errno_error(parent, errno);
}

Result<void> Stubs::create(const std::string& parent, const Fd& parent_fd, const std::string& name,
                           Kind kind) {
  STRATA_TRY(touch(parent, parent_fd));
  const std::string path = join_path(parent, name);
  if (kind == Kind::Directory) {
    if (::mkdirat(parent_fd.get(), name.c_str(), kDirectoryMode) != 0) {
      return errno_error(path, errno);
    }
  } else {
    const Fd file(::openat(parent_fd.get(), name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (!file.valid()) {
      return errno_error(path, errno);
    }
  }
  touched_[path].origin = Origin::Created;
  return {};
}

// Opens the directory that holds the last component; `resolved` is its path in the root.
Result<Fd> Stubs::open_parent(const std::string& path, std::string& resolved) {
  std::vector<std::string> parts = names_of(path);
  parts.pop_back();
  Fd current = open_in_root(root_, "", O_RDONLY | O_DIRECTORY);
  for (const std::string& part : parts) {
    Fd next = open_in_root(root_, join_path(resolved, part), O_RDONLY | O_DIRECTORY);
    if (!next.valid() && errno == ENOENT) {
      struct stat status {};
      if (::fstatat(current.get(), part.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        return unusable(path, fmt::format("`/{}` is a symbolic link that leads nowhere",
                                          join_path(resolved, part)));
      }
      STRATA_TRY(create(resolved, current, part, Kind::Directory));
      next = open_beneath(root_.get(), join_path(resolved, part), O_RDONLY | O_DIRECTORY);
    }
    if (!next.valid()) {
      return unusable(path,
                      errno_error(fmt::format("`/{}`", join_path(resolved, part)), errno).message);
    }
    current = std::move(next);
    STRATA_ASSIGN(resolved, resolved_path(current));
  }
  return current;
}

Result<std::string> Stubs::ensure(const std::string& path, Kind kind, Final final) {
  const std::vector<std::string> parts = names_of(path);
  if (parts.empty()) {
    return std::string("/");
  }
  const std::string& name = parts.back();
  std::string parent;
  STRATA_ASSIGN(const Fd parent_fd, open_parent(path, parent));
  struct stat status {};
  const bool exists = ::fstatat(parent_fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  const auto fits = [kind](mode_t mode) {
    return kind == Kind::Directory ? S_ISDIR(mode) : S_ISREG(mode);
  };
  if (exists && !S_ISLNK(status.st_mode) && fits(status.st_mode) && name != "..") {
    return "/" + join_path(parent, name);
  }
  // A FIFO or a device: a runtime may open what it mounts over.
  const bool special = exists && kind == Kind::File && !S_ISLNK(status.st_mode) &&
                       !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
  if (exists && final == Final::Follow && !special) {
    const Fd target = open_in_root(root_, join_path(parent, name), O_PATH);
    if (!target.valid()) {
      return unusable(path, "it is a symbolic link that leads nowhere");
    }
    if (::fstat(target.get(), &status) != 0 || !fits(status.st_mode)) {
      return unusable(path, kind == Kind::Directory ? "it is not a directory" : "it is not a file");
    }
    STRATA_ASSIGN(const std::string resolved, resolved_path(target));
    return "/" + resolved;
  }
  if (exists) {
    if (S_ISDIR(status.st_mode)) {
      return unusable(path, "it is a directory");
    }
    STRATA_TRY(touch(parent, parent_fd));
    if (::unlinkat(parent_fd.get(), name.c_str(), 0) != 0) {
      return errno_error(path, errno);
    }
  }
  STRATA_TRY(create(parent, parent_fd, name, kind));
  return "/" + join_path(parent, name);
}

Result<Stubs::Snapshot> Stubs::snapshot(const Fd& upper, const std::string& path) {
  // Never opens what could block or act: the type is known before.
  const Fd handle = open_beneath(upper.get(), path, O_PATH);
  struct stat status {};
  if (!handle.valid() || ::fstat(handle.get(), &status) != 0) {
    return errno_error(path, errno);
  }
  Snapshot result{.device = status.st_dev,
                  .inode = status.st_ino,
                  .mode = status.st_mode,
                  .uid = status.st_uid,
                  .gid = status.st_gid,
                  .size = S_ISREG(status.st_mode) ? status.st_size : 0,
                  .mtime = status.st_mtim,
                  .xattrs = {}};
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
    const Fd file = open_beneath(upper.get(), path, O_RDONLY | O_NONBLOCK);
    if (file.valid()) {
      result.xattrs = read_xattrs(file.get());
    }
  }
  return result;
}

bool Stubs::unchanged(const Snapshot& before, const Snapshot& after, Origin origin) {
  const bool same = before.device == after.device && before.inode == after.inode &&
                    before.mode == after.mode && before.uid == after.uid &&
                    before.gid == after.gid && before.size == after.size &&
                    before.xattrs == after.xattrs;
  // In a directory of ours files may have come and gone: it is still nothing that was asked for.
  return same && (origin == Origin::Created || (before.mtime.tv_sec == after.mtime.tv_sec &&
                                                before.mtime.tv_nsec == after.mtime.tv_nsec));
}

Result<void> Stubs::seal() {
  for (auto& [path, touched] : touched_) {
    if (touched.origin == Origin::CopiedUp) {
      const Fd directory = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
      if (!directory.valid()) {
        return errno_error(path, errno);
      }
      STRATA_TRY(set_mtime(directory, touched.mtime, path));
    }
  }
  for (auto& [path, touched] : touched_) {
    STRATA_ASSIGN(touched.before, snapshot(upper_, path));
  }
  root_.reset();
  upper_.reset();
  return {};
}

Result<void> Stubs::remove(const std::string& upper) const {
  const Fd directory(::open(upper.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) {
    return errno_error(upper, errno);
  }
  // Children sort after their parents.
  for (auto at = touched_.rbegin(); at != touched_.rend(); ++at) {
    const auto& [path, touched] = *at;
    if (path.empty()) {
      continue;
    }
    const Result<Snapshot> now = snapshot(directory, path);
    if (!now || !unchanged(touched.before, *now, touched.origin)) {
      continue;
    }
    const Fd parent_fd = open_beneath(directory.get(), parent_of(path), O_RDONLY | O_DIRECTORY);
    if (parent_fd.valid()) {
      // A directory that holds anything stays.
      unlink_quietly(parent_fd, std::string(base_name(path)),
                     S_ISDIR(touched.before.mode) ? AT_REMOVEDIR : 0);
    }
  }
  return {};
}

}  // namespace strata::backend
