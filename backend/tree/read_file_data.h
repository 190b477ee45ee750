#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "backend/tree/tree.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend {

// What an inode is to a tree; nullopt for a socket, which no tree holds. Hard links are files, and
// an overlay's whiteouts (0:0) character devices.
[[nodiscard]] std::optional<EntryType> type_of(mode_t mode);

// What a tree keeps of an inode's extended attributes: `user.*` but `user.overlay.*`, and
// `security.capability` (as version 2, which names no user namespace); sorted. A file system
// without xattrs has none. `fd` is open for reading.
[[nodiscard]] Result<ir::Pairs> kept_xattrs(int fd, const std::string& name);

// Whether a name is among those that kept_xattrs keeps.
[[nodiscard]] bool is_kept_xattr(std::string_view name);

// SHA-256 of what is left to read, and how many bytes that was; holes are not read. Errors: Input
// (more than 64 GiB of holes, which would be written to a layer as zeros), Interrupted.
struct HashedFile {
  Digest sha256;
  std::uint64_t size = 0;
};
[[nodiscard]] Result<HashedFile> hash_file(int fd, const std::string& name);

// A timestamp as nanoseconds since 1970.
[[nodiscard]] constexpr std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace strata::backend
