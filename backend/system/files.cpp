// Files: reading, durable writing, copying and listing, with errors that name the path.
#include "backend/system/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace strata::backend {
namespace {

constexpr std::size_t kReadChunk = std::size_t{1} << 16;

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
      return ErrorCode::NotFound;
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EPERM:
    case EACCES:
      return ErrorCode::Machine;
    default:
      return ErrorCode::Io;
  }
}

Result<void> sync_fd(const Fd& fd, const std::string& name) {
  if (::fsync(fd.get()) != 0) {
    return errno_error(name, errno);
  }
  return {};
}

// Removes a temporary file unless it was renamed to its place.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    if (!path_.empty()) {
      (void)::unlink(path_.c_str());
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

Result<void> copy_by_reading(const Fd& from, const Fd& to, const std::string& from_name,
                             const std::string& to_name) {
  std::string buffer(kReadChunk, '\0');
  for (;;) {
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count == 0) {
      return {};
    }
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno_error(from_name, errno);
    }
    STRATA_TRY(write_all(to, std::string_view(buffer).substr(0, static_cast<std::size_t>(count)),
                         to_name));
  }
}

Result<void> copy_bytes(const Fd& from, const Fd& to, const std::string& from_name,
                        const std::string& to_name) {
  if (::ioctl(to.get(), FICLONE, from.get()) == 0) {
    return {};
  }
  for (;;) {
    const ssize_t count =
        ::copy_file_range(from.get(), nullptr, to.get(), nullptr, std::size_t{1} << 30, 0);
    if (count > 0) {
      continue;
    }
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno == ENOSPC || errno == EDQUOT || errno == EIO) {
        return errno_error(to_name, errno);
      }
    }
    // The end, or a pair of file systems that cannot (old kernels report that as 0 bytes too): the
    // offsets have moved with what was copied, so reading on finishes either way.
    return copy_by_reading(from, to, from_name, to_name);
  }
}

}  // namespace

Error errno_error(std::string_view what, int error_number) {
  // strerror depends on the locale, and a message must not.
  const char* known = ::strerrordesc_np(error_number);
  std::string text = known != nullptr ? known : "error " + std::to_string(error_number);
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return Error{code_of(error_number), std::string(what) + ": " + text};
}

Result<Fd> open_read(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return errno_error(path, errno);
  }
  return fd;
}

Result<Fd> open_regular_file(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  // A link gives ELOOP, a socket ENXIO.
  const bool is_other = fd.valid() ? ::fstat(fd.get(), &info) == 0 && !S_ISREG(info.st_mode)
                                   : errno == ELOOP || errno == ENXIO;
  if (is_other) {
    return Error{ErrorCode::Corrupt, path + ": not a regular file"};
  }
  if (!fd.valid()) {
    return errno_error(path, errno);
  }
  return fd;
}

Result<std::string> read_file(const std::string& path) {
  STRATA_ASSIGN(const Fd fd, open_read(path));
  return read_all(fd, path);
}

Result<std::string> read_all(const Fd& fd, const std::string& name) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    return errno_error(name, errno);
  }
  std::string data;
  // One byte more than the size, so that the usual file needs one read and one that finds the end.
  data.resize(S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) + 1 : kReadChunk);
  std::size_t used = 0;
  for (;;) {
    if (used == data.size()) {
      data.resize(data.size() + std::max(data.size() / 2, kReadChunk));
    }
    const ssize_t count = ::read(fd.get(), data.data() + used, data.size() - used);
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno_error(name, errno);
    }
    if (count == 0) {
      break;
    }
    used += static_cast<std::size_t>(count);
  }
  data.resize(used);
  return data;
}

Result<void> write_all(const Fd& fd, std::string_view data, const std::string& name) {
  while (!data.empty()) {
    const ssize_t count = ::write(fd.get(), data.data(), data.size());
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno_error(name, errno);
    }
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> make_directories(const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string prefix = path.substr(0, end);
    if (prefix.empty() || ::mkdir(prefix.c_str(), 0755) == 0) {
      continue;
    }
    const int error_number = errno;
    struct stat info {};
    // A directory that is there may refuse with EROFS, EACCES or EEXIST.
    if (::stat(prefix.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
      return errno_error(prefix, error_number);
    }
  }
  return {};
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::string> absolute_path(const std::string& path) {
  std::array<char, PATH_MAX> resolved{};
  if (::realpath(path.c_str(), resolved.data()) == nullptr) {
    return errno_error(path, errno);
  }
  return std::string(resolved.data());
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

Result<std::vector<std::string>> names_in(const Fd& directory, const std::string& name) {
  struct Closer {
    void operator()(DIR* stream) const { (void)::closedir(stream); }
  };
  const int copy = ::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0);
  const std::unique_ptr<DIR, Closer> stream(copy < 0 ? nullptr : ::fdopendir(copy));
  if (!stream) {
    return errno_error(name, errno);
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) {
        return errno_error(name, errno);
      }
      return names;
    }
    const std::string_view found = static_cast<const char*>(entry->d_name);
    if (found != "." && found != "..") {
      names.emplace_back(found);
    }
  }
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) {
    return errno_error(path, errno);
  }
  STRATA_ASSIGN(std::vector<std::string> names, names_in(directory, path));
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> write_file_durably(const std::string& path, std::string_view data) {
  static std::atomic<std::uint64_t> counter{0};
  const std::string directory = directory_of(path);
  TemporaryFile temporary(directory + "/.strata-" + std::to_string(::getpid()) + "-" +
                          std::to_string(counter.fetch_add(1)));
  // One that has this name is left of a process that is gone and had our pid.
  (void)::unlink(temporary.path().c_str());
  {
    const Fd fd(::open(temporary.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd.valid()) {
      return errno_error(path, errno);
    }
    STRATA_TRY(write_all(fd, data, path));
    STRATA_TRY(sync_fd(fd, path));
  }
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) {
    return errno_error(path, errno);
  }
  temporary.keep();
  return sync_directory(directory);
}

Result<void> sync_directory(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return errno_error(path, errno);
  }
  return sync_fd(fd, path);
}

Result<void> copy_file(const std::string& from, const std::string& to) {
  STRATA_ASSIGN(const Fd source, open_read(from));
  const Fd target(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!target.valid()) {
    return errno_error(to, errno);
  }
  return copy_bytes(source, target, from, to);
}

}  // namespace strata::backend
