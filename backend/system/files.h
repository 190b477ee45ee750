#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend {

// `path: strerror`, with ErrorCode::NotFound for ENOENT, Machine for ENOSPC, EDQUOT, EROFS, EPERM
// and EACCES, Io for the rest.
[[nodiscard]] Error errno_error(std::string_view what, int error_number);

// All descriptors are opened with O_CLOEXEC.
[[nodiscard]] Result<Fd> open_read(const std::string& path);
// The same of a regular file by its own name: a link at the end of `path` is not followed,
// and a FIFO or a device not waited for. Error Corrupt for anything but a regular file.
[[nodiscard]] Result<Fd> open_regular_file(const std::string& path);
[[nodiscard]] Result<std::string> read_file(const std::string& path);
[[nodiscard]] Result<std::string> read_all(const Fd& fd, const std::string& name);
[[nodiscard]] Result<void> write_all(const Fd& fd, std::string_view data, const std::string& name);
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
[[nodiscard]] Result<void> sync_directory(const std::string& path);
// Copies all bytes (copy_file_range, reflink where the file system can).
[[nodiscard]] Result<void> copy_file(const std::string& from, const std::string& to);

}  // namespace strata::backend
