// TemporaryFile: O_TMPFILE and linkat(2), or a name of its own.
#include "backend/system/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

// Not of the process id: two PID namespaces may share a directory.
std::string new_name(const std::string& path) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) {
    number = static_cast<std::uint64_t>(::getpid());
  }
  return fmt::format("{}/.strata-{:016x}", directory_of(path), number);
}

std::string link_to(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

}  // namespace

TemporaryFile::TemporaryFile(std::string path, Fd fd, std::string name)
    : path_(std::move(path)), fd_(std::move(fd)), name_(std::move(name)) {}

TemporaryFile::~TemporaryFile() {
  if (!name_.empty()) {
    (void)::unlink(name_.c_str());
  }
}

Result<TemporaryFile> TemporaryFile::beside(const std::string& path, mode_t mode) {
  Fd nameless(::open(directory_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  // Without /proc it could not get a name.
  if (nameless.valid() && ::access(link_to(nameless).c_str(), F_OK) == 0) {
    return TemporaryFile(path, std::move(nameless), "");
  }
  std::string name = new_name(path);
  Fd named(::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode));
  if (!named.valid()) {
    return errno_error(path, errno);
  }
  return TemporaryFile(path, std::move(named), std::move(name));
}

Result<void> TemporaryFile::put() {
  // Some network file systems say only at a close that a write failed.
  const int copy = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0 || ::close(copy) != 0) {
    return errno_error(path_, errno);
  }
  if (name_.empty()) {
    const std::string self = link_to(fd_);
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return {};
    }
    // linkat(2) replaces nothing.
    std::string name = new_name(path_);
    if (errno != EEXIST ||
        ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return errno_error(path_, errno);
    }
    name_ = std::move(name);
  }
  if (::rename(name_.c_str(), path_.c_str()) != 0) {
    return errno_error(path_, errno);
  }
  name_.clear();
  return {};
}

}  // namespace strata::backend
