// sandbox.h: mounts and cgroups of the executor's namespaces.
#include "backend/execute/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "backend/system/fd.h"
#include "backend/system/files.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr const char* kCgroupRoot = "/sys/fs/cgroup";
constexpr const char* kHybrid = "/sys/fs/cgroup/unified";
constexpr const char* kPrefix = "strata-";

Error sandbox_error(const std::string& what) {
  Error error = errno_error(what, errno);
  error.code = ErrorCode::Machine;
  return error;
}

std::uint64_t file_system_magic(const char* path) {
  struct statfs status {};
  return ::statfs(path, &status) == 0 ? static_cast<std::uint64_t>(status.f_type) : 0;
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

// The directories that hold one hierarchy each.
std::vector<std::string> hierarchies() {
  if (cgroup_version() == BundleFacts::Cgroups::Version2) {
    return {kCgroupRoot};
  }
  std::vector<std::string> result;
  if (const auto names = list_directory(kCgroupRoot); names.ok()) {
    for (const std::string& name : *names) {
      result.push_back(fmt::format("{}/{}", kCgroupRoot, name));
    }
  }
  return result;
}

std::string prefix_of(const std::string& build_id) {
  std::string name = kPrefix + build_id + "-";
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
      },
      '-');
  return name;
}

void remove_cgroup(const std::string& path) {
  constexpr int kAttempts = 100;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int i = 0; i < kAttempts && ::rmdir(path.c_str()) != 0 && errno == EBUSY; ++i) {
    ::nanosleep(&kPause, nullptr);
  }
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
  if (cgroups != CGROUP2_SUPER_MAGIC && (cgroups != TMPFS_MAGIC || hierarchies().empty())) {
    ::mount("cgroup2", kCgroupRoot, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  }
  return {};
}

BundleFacts::Cgroups cgroup_version() {
  return file_system_magic(kCgroupRoot) == CGROUP2_SUPER_MAGIC ? BundleFacts::Cgroups::Version2
                                                               : BundleFacts::Cgroups::Version1;
}

bool has_pids_controller() {
  if (cgroup_version() == BundleFacts::Cgroups::Version1) {
    return file_system_magic("/sys/fs/cgroup/pids") == CGROUP_SUPER_MAGIC;
  }
  const auto text = read_file("/sys/fs/cgroup/cgroup.controllers");
  if (!text) {
    return false;
  }
  const std::vector<std::string> controllers = split_words(text->substr(0, text->find('\n')), ' ');
  return std::find(controllers.begin(), controllers.end(), "pids") != controllers.end();
}

void hide_hybrid_cgroups() {
  if (file_system_magic(kHybrid) == CGROUP2_SUPER_MAGIC) {
    ::mount("tmpfs", kHybrid, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  }
}

std::string container_name(const std::string& build_id, unsigned number) {
  return prefix_of(build_id) + std::to_string(number);
}

void remove_cgroups(const std::string& container) {
  for (const std::string& hierarchy : hierarchies()) {
    remove_cgroup(fmt::format("{}/{}", hierarchy, container));
  }
}

void remove_stale_runtime_state(const std::vector<std::string>& dead_ids) {
  for (const std::string& hierarchy : hierarchies()) {
    const auto names = list_directory(hierarchy);
    if (!names) {
      continue;
    }
    for (const std::string& name : *names) {
      const bool dead = std::any_of(dead_ids.begin(), dead_ids.end(), [&](const std::string& id) {
        const std::string prefix = prefix_of(id);
        return name.compare(0, prefix.size(), prefix) == 0 && name.size() > prefix.size() &&
               name.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
      });
      if (dead) {
        remove_cgroup(fmt::format("{}/{}", hierarchy, name));
      }
    }
  }
}

}  // namespace strata::backend
