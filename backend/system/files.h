#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend {

// `path: strerror`, with ErrorCode::NotFound for ENOENT, NoSpace for ENOSPC and EDQUOT, Machine for
// EROFS, EPERM and EACCES, Io for the rest.
[[nodiscard]] Error errno_error(std::string_view what, int error_number);

// All descriptors are opened with O_CLOEXEC.
[[nodiscard]] Result<Fd> open_read(const std::string& path);
// The same of a regular file by its own name: a link at the end of `path` is not followed,
// and a FIFO or a device not waited for. Error Corrupt for anything but a regular file.
[[nodiscard]] Result<Fd> open_regular_file(const std::string& path);
// More than any text is that people write: Dockerfiles, spec files, lists of patterns.
inline constexpr std::size_t kMaxText = std::size_t{64} << 20;
inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
// All of a regular file, a link to it followed. Errors: Input for what is none (a pipe or a device
// would make it wait, or read without end) and for one of more than `limit` bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit = kNoLimit);
// The same of an open one, which `name` names.
[[nodiscard]] Result<std::string> read_regular(const Fd& fd, const std::string& name,
                                               std::size_t limit = kNoLimit);
// To its end, whatever it is. Errors: Input for more than `limit` bytes; Interrupted at a wish to
// stop while a pipe or a terminal is waited for.
[[nodiscard]] Result<std::string> read_all(const Fd& fd, const std::string& name,
                                           std::size_t limit = kNoLimit);
[[nodiscard]] Result<void> write_all(const Fd& fd, std::string_view data, const std::string& name);
// The same in pieces, to what may be a pipe that nobody empties: ends with Interrupted at a wish to
// stop. When a write failed, errno is what it said.
[[nodiscard]] Result<void> write_interruptibly(int fd, std::string_view data,
                                               const std::string& name);
// mkdir -p with 0755 less the umask.
[[nodiscard]] Result<void> make_directories(const std::string& path);
// The directory that holds `path`, which does not end in `/`; as text, `.` when it names none.
[[nodiscard]] std::string directory_of(const std::string& path);
// Absolute, and without a link in it (realpath(3)); the path must be there.
[[nodiscard]] Result<std::string> absolute_path(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
// Names in an open directory without . and .., in the file system's order.
[[nodiscard]] Result<std::vector<std::string>> names_in(const Fd& directory,
                                                        const std::string& name);
// The same of a path, sorted by bytes.
[[nodiscard]] Result<std::vector<std::string>> list_directory(const std::string& path);
// Removes a file or a whole tree; descriptor-relative, follows no symlink, makes unreadable
// directories readable and clears the immutable flag; no recursion depth limit. A path that is not
// there is success.
[[nodiscard]] Result<void> remove_tree(const std::string& path);
// Writes to a temporary file in the same directory, syncs it, renames it over `path` and syncs the
// directory.
[[nodiscard]] Result<void> write_file_durably(const std::string& path, std::string_view data);
// The same without the syncs, for what can be made again: after a power cut it may be empty or
// gone.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view data);
[[nodiscard]] Result<void> sync_directory(const std::string& path);
// Copies all bytes (copy_file_range, reflink where the file system can). Error Interrupted at a
// wish to stop.
[[nodiscard]] Result<void> copy_file(const std::string& from, const std::string& to);
[[nodiscard]] Result<void> copy_file(const std::string& from, const Fd& to,
                                     const std::string& to_name);

}  // namespace strata::backend
