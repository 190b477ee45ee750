// open_beneath: openat2 where the kernel has it, one component at a time where it has not.
#include "backend/system/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace strata::backend {
namespace {

Fd open_by_components(int root, std::string_view path, int flags, mode_t mode) {
  Fd current;
  int parent = root;
  for (;;) {
    const std::size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    if (name == ".." || name.empty()) {
      errno = EXDEV;
      return Fd();
    }
    if (slash == std::string_view::npos) {
      return Fd(::openat(parent, name.c_str(), flags, mode));
    }
    Fd next(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) {
      return Fd();
    }
    current = std::move(next);
    parent = current.get();
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Fd open_beneath(int root, std::string_view path, int flags, mode_t mode) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const std::string name(path.empty() ? "." : path);
  const long fd = ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof how);
  if (fd >= 0) {
    return Fd(static_cast<int>(fd));
  }
  // EPERM is what old container sandboxes answer to system calls they do not know.
  if (errno == ENOSYS || errno == ENAMETOOLONG || errno == EPERM || errno == EAGAIN) {
    return open_by_components(root, name, flags, mode);
  }
  return Fd();
}

}  // namespace strata::backend
