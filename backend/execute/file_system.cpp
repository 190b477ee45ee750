// file_system.h: statfs(2).
#include "backend/execute/file_system.h"

#include <fmt/format.h>
#include <sys/statfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace strata::backend {

std::uint64_t file_system_magic(const std::string& path) {
  struct statfs status {};
  return ::statfs(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.f_type) : 0;
}

std::string file_system_name(const std::string& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) {
    return std::strerror(errno);
  }
  struct Known {
    std::uint64_t magic;
    const char* name;
  };
  constexpr std::array<Known, 13> kKnown = {{{0xEF53, "ext4"},
                                             {0x01021994, "tmpfs"},
                                             {0x794c7630, "overlay"},
                                             {0x58465342, "xfs"},
                                             {0x9123683E, "btrfs"},
                                             {0x6969, "nfs"},
                                             {0x65735546, "fuse"},
                                             {0x2fc12fc1, "zfs"},
                                             {0xF2F52010, "f2fs"},
                                             {0xca451a4e, "bcachefs"},
                                             {0xFF534D42, "cifs"},
                                             {0x858458f6, "ramfs"},
                                             {0x01021997, "9p"}}};
  const std::uint64_t magic = file_system_magic(path) & 0xFFFFFFFFU;
  const auto* found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& k) { return k.magic == magic; });
  return found != kKnown.end() ? found->name : fmt::format("file system {:#x}", magic);
}

}  // namespace strata::backend
