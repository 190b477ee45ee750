// overlay.h: fsconfig(2) where it takes one lower at a time (Linux 6.8), else mount(2). Layers are
// named through /proc/self/fd, so neither a long path nor a `:`, `,` or `\` in it matters.
#include "backend/execute/overlay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>

#include "backend/execute/file_system.h"
#include "backend/system/fd.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr std::size_t kKernelMaximumLowers = 500;
constexpr std::size_t kMountOptionLimit = 4095;

// What makes upper directories complete and equal on every host, see backend/execute/README.md.
constexpr std::array<const char*, 4> kFeatures = {"redirect_dir", "metacopy", "index", "xino"};

std::string fd_path(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

Result<Fd> open_directory(const std::string& path) {
  Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return errno_error(path, errno);
  }
  return fd;
}

// Opens the lowers, top first. Of a directory that is there twice only the topmost use counts: it
// sets every path that the lower use could have set, and the kernel refuses the second.
Result<std::vector<Fd>> open_lowers(const std::vector<std::string>& lowers) {
  std::vector<Fd> opened;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (auto lower = lowers.rbegin(); lower != lowers.rend(); ++lower) {
    STRATA_ASSIGN(Fd fd, open_directory(*lower));
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
      return errno_error(*lower, errno);
    }
    if (seen.emplace(status.st_dev, status.st_ino).second) {
      opened.push_back(std::move(fd));
    }
  }
  return opened;
}

// An overlay shows its upper's attributes as those of `/`.
Result<void> copy_root_attributes(const std::string& from, const std::string& to) {
  struct stat status {};
  if (::stat(from.c_str(), &status) != 0) {
    return errno_error(from, errno);
  }
  if (::chown(to.c_str(), status.st_uid, status.st_gid) != 0 ||
      ::chmod(to.c_str(), status.st_mode & 07777U) != 0) {
    return errno_error(to, errno);
  }
  std::array<char, 4096> names{};
  const ssize_t size = ::llistxattr(from.c_str(), names.data(), names.size());
  for (ssize_t at = 0; at < size;) {
    const std::string name(&names[static_cast<std::size_t>(at)]);
    at += static_cast<ssize_t>(name.size()) + 1;
    std::array<char, 65536> value{};
    const ssize_t length = ::lgetxattr(from.c_str(), name.c_str(), value.data(), value.size());
    if (name.compare(0, 16, "trusted.overlay.") == 0 || length < 0) {
      continue;
    }
    if (::lsetxattr(to.c_str(), name.c_str(), value.data(), static_cast<std::size_t>(length), 0) !=
            0 &&
        errno != EOPNOTSUPP) {
      return errno_error(to, errno);
    }
  }
  const std::array<timespec, 2> times = {status.st_atim, status.st_mtim};
  if (::utimensat(AT_FDCWD, to.c_str(), times.data(), 0) != 0) {
    return errno_error(to, errno);
  }
  return {};
}

// The kernel's own words, from the context's message queue; "" when it has none.
std::string kernel_message(const Fd& context) {
  std::string text;
  std::array<char, 1024> line{};
  for (ssize_t size = 0;
       (size = ::read(context.get(), line.data(), line.size())) > 0 && text.size() < 4096;) {
    text += text.empty() ? "" : "; ";
    text.append(line.data(), static_cast<std::size_t>(size));
  }
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text;
}

struct Layers {
  // Top first.
  std::vector<Fd> lowers;
  Fd upper;
  Fd work;
};

enum class Attempt { Mounted, NotSupported };

Error mount_error(int number, std::string_view detail) {
  return Error{ErrorCode::Machine, fmt::format("overlay: {}{}{}", std::strerror(number),
                                               detail.empty() ? "" : ": ", detail)};
}

Result<Attempt> mount_by_fsconfig(const Layers& layers, const std::string& root) {
  const Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
  if (!context.valid()) {
    if (errno == ENOSYS) {
      return Attempt::NotSupported;
    }
    return mount_error(errno, "");
  }
  const auto set = [&](const char* key, const std::string& value) {
    return ::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
  };
  for (const Fd& lower : layers.lowers) {
    if (!set("lowerdir+", fd_path(lower))) {
      // A kernel that knows fsopen but not this parameter says EINVAL.
      if (errno == EINVAL && &lower == &layers.lowers.front()) {
        return Attempt::NotSupported;
      }
      return mount_error(errno, kernel_message(context));
    }
  }
  bool good = set("upperdir", fd_path(layers.upper)) && set("workdir", fd_path(layers.work));
  for (const char* feature : kFeatures) {
    good = good && set(feature, "off");
  }
  good = good && ::fsconfig(context.get(), FSCONFIG_SET_FLAG, "volatile", nullptr, 0) == 0 &&
         ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  if (!good) {
    const int number = errno;
    return mount_error(number, kernel_message(context));
  }
  const Fd mounted(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!mounted.valid() ||
      ::move_mount(mounted.get(), "", AT_FDCWD, root.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return mount_error(errno, "");
  }
  return Attempt::Mounted;
}

Result<void> mount_by_options(const Layers& layers, const std::string& root) {
  std::string options = "lowerdir=";
  for (const Fd& lower : layers.lowers) {
    options += (&lower == &layers.lowers.front() ? "" : ":") + fd_path(lower);
  }
  options += ",upperdir=" + fd_path(layers.upper) + ",workdir=" + fd_path(layers.work);
  for (const char* feature : kFeatures) {
    options += fmt::format(",{}=off", feature);
  }
  if (options.size() + sizeof(",volatile") > kMountOptionLimit) {
    return Error{ErrorCode::Machine,
                 fmt::format("overlay: {} layers are more than this kernel takes (Linux 6.8 or "
                             "later takes {})",
                             layers.lowers.size(), kKernelMaximumLowers)};
  }
  // Before 5.10 there is no `volatile`.
  if (::mount("overlay", root.c_str(), "overlay", 0, (options + ",volatile").c_str()) == 0 ||
      (errno == EINVAL && ::mount("overlay", root.c_str(), "overlay", 0, options.c_str()) == 0)) {
    return {};
  }
  return mount_error(errno, "");
}

Result<void> mount_layers(const Layers& layers, const std::string& root) {
  STRATA_ASSIGN(const Attempt attempt, mount_by_fsconfig(layers, root));
  return attempt == Attempt::Mounted ? Result<void>() : mount_by_options(layers, root);
}

Result<Layers> prepare_layers(const std::vector<std::string>& lowers, const std::string& scratch) {
  const OverlayPaths paths = overlay_paths(scratch);
  std::vector<std::string> all = lowers;
  if (all.empty()) {
    // An overlay needs a lower.
    all.push_back(scratch + "/empty");
    STRATA_TRY(make_directories(all.back()));
    ::chmod(all.back().c_str(), 0755);
  }
  for (const std::string& path : {paths.upper, paths.work, paths.root}) {
    STRATA_TRY(make_directories(path));
  }
  STRATA_TRY(copy_root_attributes(all.back(), paths.upper));
  Layers layers;
  STRATA_ASSIGN(layers.lowers, open_lowers(all));
  STRATA_ASSIGN(layers.upper, open_directory(paths.upper));
  STRATA_ASSIGN(layers.work, open_directory(paths.work));
  return layers;
}

}  // namespace

OverlayPaths overlay_paths(const std::string& scratch) {
  return {.upper = scratch + "/upper", .work = scratch + "/work", .root = scratch + "/root"};
}

Result<void> mount_overlay(const std::vector<std::string>& lowers, const std::string& scratch) {
  STRATA_ASSIGN(const Layers layers, prepare_layers(lowers, scratch));
  if (Result<void> mounted = mount_layers(layers, overlay_paths(scratch).root); !mounted) {
    return Error{ErrorCode::Machine,
                 fmt::format("cannot mount an overlay on `{}` ({}): {}; `strata doctor` tells what "
                             "this machine lacks",
                             scratch, file_system_name(scratch), mounted.error().message)};
  }
  return {};
}

Result<void> clamp_root_time(const std::string& scratch, std::int64_t epoch) {
  const std::string root = overlay_paths(scratch).root;
  struct stat status {};
  if (::stat(root.c_str(), &status) != 0) {
    return errno_error(root, errno);
  }
  if (status.st_mtim.tv_sec < epoch) {
    return {};
  }
  const timespec time = {.tv_sec = epoch, .tv_nsec = 0};
  const std::array<timespec, 2> times = {time, time};
  if (::utimensat(AT_FDCWD, root.c_str(), times.data(), 0) != 0) {
    return errno_error(root, errno);
  }
  return {};
}

Result<void> unmount_overlay(const std::string& scratch) {
  const std::string root = overlay_paths(scratch).root;
  if (::umount2(root.c_str(), UMOUNT_NOFOLLOW) == 0 ||
      ::umount2(root.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) == 0) {
    return {};
  }
  return errno_error(root, errno);
}

}  // namespace strata::backend
