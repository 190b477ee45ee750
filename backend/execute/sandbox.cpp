// sandbox.h: the mounts of the executor's namespace.
#include "backend/execute/sandbox.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "backend/execute/cgroups.h"
#include "backend/execute/file_system.h"
#include "backend/system/fd.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr const char* kCgroupRoot = "/sys/fs/cgroup";

Error sandbox_error(const std::string& what) {
  Error error = errno_error(what, errno);
  error.code = ErrorCode::Machine;
  return error;
}

bool is_mount_root(const char* path) {
  struct statx status {};
  return ::statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// Lays a private copy of the whole tree over a mount point inside and moves into it. That mount
// point is made private first, so that nothing shows up in the namespace that we came from.
Result<void> make_root_a_mount() {
  const Fd tree(::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC));
  mount_attr attributes{};
  attributes.propagation = MS_PRIVATE;
  if (!tree.valid() || ::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                                       sizeof attributes) != 0) {
    return sandbox_error("copying the mounts of this chroot");
  }
  const char* over = is_mount_root("/proc") ? "/proc" : "/";
  ::mount(nullptr, over, nullptr, MS_PRIVATE, nullptr);
  if (::move_mount(tree.get(), "", AT_FDCWD, over, MOVE_MOUNT_F_EMPTY_PATH) != 0 ||
      ::fchdir(tree.get()) != 0 || ::chroot(".") != 0) {
    return sandbox_error("making this chroot's root a mount point");
  }
  return {};
}

}  // namespace

Result<void> enter_sandbox() {
  if (!is_mount_root("/")) {
    STRATA_TRY(make_root_a_mount());
  } else if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return sandbox_error("making mounts private");
  }
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return sandbox_error("mounting /proc");
  }
  // A bare chroot has neither; what cannot be mounted shows in the runtime's own message.
  if (file_system_magic("/sys") != SYSFS_MAGIC) {
    ::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  }
  const std::uint64_t cgroups = file_system_magic(kCgroupRoot);
  if (cgroups != CGROUP2_SUPER_MAGIC && (cgroups != TMPFS_MAGIC || cgroup_hierarchies().empty())) {
    ::mount("cgroup2", kCgroupRoot, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  }
  return {};
}

}  // namespace strata::backend
