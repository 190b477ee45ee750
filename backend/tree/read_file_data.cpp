// What a tree keeps of an inode: its type, content digest and extended attributes.
#include "backend/tree/read_file_data.h"

#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <vector>

#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr std::uint64_t kMaxHoles = std::uint64_t{64} << 30;
constexpr std::string_view kCapability = "security.capability";

bool means_no_xattrs(int error_number) {
  return error_number == ENOTSUP || error_number == ENOSYS || error_number == EPERM;
}

// Version 3 of the capability structure is version 2 and the root id of a user namespace.
std::string as_version_2(std::string value) {
  constexpr std::size_t kSize2 = 20;
  constexpr std::size_t kSize3 = 24;
  constexpr char kRevision2 = 2;
  constexpr char kRevision3 = 3;
  // The revision is the highest byte of the first little-endian word.
  if (value.size() == kSize3 && value[3] == kRevision3) {
    value.resize(kSize2);
    value[3] = kRevision2;
  }
  return value;
}

// nullopt: gone since it was listed.
Result<std::optional<std::string>> read_xattr(int fd, const char* key, const std::string& name) {
  std::string value(256, '\0');
  for (;;) {
    const ssize_t size = ::fgetxattr(fd, key, value.data(), value.size());
    if (size >= 0) {
      value.resize(static_cast<std::size_t>(size));
      return std::optional<std::string>(std::move(value));
    }
    if (errno == ENODATA) {
      return std::optional<std::string>();
    }
    if (errno != ERANGE) {
      return errno_error(name, errno);
    }
    value.resize(value.size() * 4);
  }
}

// The list of names, each ended by NUL.
Result<std::string> list_xattrs(int fd, const std::string& name) {
  std::array<char, 1024> small{};
  ssize_t size = ::flistxattr(fd, small.data(), small.size());
  if (size >= 0) {
    return std::string(small.data(), static_cast<std::size_t>(size));
  }
  std::string large(std::size_t{1} << 16, '\0');
  if (errno == ERANGE) {
    size = ::flistxattr(fd, large.data(), large.size());
  }
  if (size < 0) {
    return means_no_xattrs(errno) ? Result<std::string>(std::string()) : errno_error(name, errno);
  }
  large.resize(static_cast<std::size_t>(size));
  return large;
}

// Hashes a file without reading what its holes would read as.
class FileHasher {
 public:
  FileHasher(int fd, const std::string& name) : fd_(fd), name_(name) {}

  void add(const char* data, std::size_t size) {
    hash_.update(data, size);
    size_ += size;
  }

  // Moves on to the next data if the file goes on with a hole.
  Result<void> skip_hole() {
    if (!end_) {
      STRATA_TRY(look_for_holes());
    }
    if (!is_sparse_) {
      return {};
    }
    const off_t data = ::lseek(fd_, static_cast<off_t>(size_), SEEK_DATA);
    if (data < 0 && errno != ENXIO) {
      return errno_error(name_, errno);
    }
    // ENXIO: nothing but a hole, or nothing at all, up to the end.
    const auto next = data < 0 ? std::max(*end_, size_) : static_cast<std::uint64_t>(data);
    STRATA_TRY(add_zeros(next - size_));
    if (::lseek(fd_, static_cast<off_t>(size_), SEEK_SET) < 0) {
      return errno_error(name_, errno);
    }
    return {};
  }

  HashedFile finish() { return {hash_.finish(), size_}; }

 private:
  Result<void> look_for_holes() {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) {
      return errno_error(name_, errno);
    }
    end_ = static_cast<std::uint64_t>(info.st_size);
    const std::uint64_t stored = static_cast<std::uint64_t>(info.st_blocks) * 512;
    // A file system that does not know of holes says EINVAL.
    is_sparse_ = S_ISREG(info.st_mode) && stored < *end_ &&
                 (::lseek(fd_, static_cast<off_t>(size_), SEEK_DATA) >= 0 || errno == ENXIO);
    return is_sparse_ && *end_ - stored > kMaxHoles ? measure_holes() : Result<void>();
  }

  // Before the first of them is hashed: that takes a minute for each 64 GiB.
  Result<void> measure_holes() {
    std::uint64_t holes = 0;
    for (std::uint64_t at = size_; at < *end_;) {
      STRATA_TRY(check_interrupted());
      const off_t data = ::lseek(fd_, static_cast<off_t>(at), SEEK_DATA);
      const auto begin = data < 0 ? *end_ : static_cast<std::uint64_t>(data);
      holes += begin - std::min(begin, at);
      const off_t hole = data < 0 ? -1 : ::lseek(fd_, data, SEEK_HOLE);
      at = hole < 0 ? *end_ : static_cast<std::uint64_t>(hole);
    }
    if (holes > kMaxHoles) {
      return Error{ErrorCode::Input,
                   name_ + ": " + human_size(holes) +
                       " of it are holes, which a layer holds as zeros; at most " +
                       human_size(kMaxHoles) + " of a file may be"};
    }
    return {};
  }

  Result<void> add_zeros(std::uint64_t count) {
    static const std::vector<char> kZeros(std::size_t{1} << 20);
    while (count > 0) {
      STRATA_TRY(check_interrupted());
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(count, kZeros.size()));
      add(kZeros.data(), size);
      count -= size;
    }
    return {};
  }

  int fd_;
  const std::string& name_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
  // The file's size when it was looked at for holes.
  std::optional<std::uint64_t> end_;
  bool is_sparse_ = false;
};

}  // namespace

std::optional<EntryType> type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return EntryType::Directory;
    case S_IFREG:
      return EntryType::File;
    case S_IFLNK:
      return EntryType::Symlink;
    case S_IFCHR:
      return EntryType::Char;
    case S_IFBLK:
      return EntryType::Block;
    case S_IFIFO:
      return EntryType::Fifo;
    default:
      return std::nullopt;
  }
}

bool is_kept_xattr(std::string_view name) {
  constexpr std::string_view kUser = "user.";
  constexpr std::string_view kOverlay = "user.overlay.";
  return name == kCapability ||
         (name.substr(0, kUser.size()) == kUser && name.substr(0, kOverlay.size()) != kOverlay);
}

Result<ir::Pairs> kept_xattrs(int fd, const std::string& name) {
  STRATA_ASSIGN(const std::string list, list_xattrs(fd, name));
  ir::Pairs pairs;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = list.find('\0', at);
    const std::string key = list.substr(at, end - at);
    at = end == std::string::npos ? list.size() : end + 1;
    if (!is_kept_xattr(key)) {
      continue;
    }
    STRATA_ASSIGN(std::optional<std::string> value, read_xattr(fd, key.c_str(), name));
    if (value) {
      pairs.emplace_back(key,
                         key == kCapability ? as_version_2(*std::move(value)) : *std::move(value));
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

Result<HashedFile> hash_file(int fd, const std::string& name) {
  // One buffer a thread: small files are many.
  thread_local std::vector<char> buffer(std::size_t{1} << 18);
  FileHasher hasher(fd, name);
  for (;;) {
    STRATA_TRY(check_interrupted());
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return errno_error(name, errno);
    }
    hasher.add(buffer.data(), static_cast<std::size_t>(count));
    // A small file has no hole worth a system call.
    if (static_cast<std::size_t>(count) == buffer.size()) {
      STRATA_TRY(hasher.skip_hole());
    }
    if (count == 0) {
      return hasher.finish();
    }
  }
}

}  // namespace strata::backend
