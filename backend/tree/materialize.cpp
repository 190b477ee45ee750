// materialize: a tree and its bytes as a directory, the bytes verified on their way.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <thread>
#include <vector>

#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/tree/content.h"
#include "backend/tree/lay_out.h"
#include "backend/tree/scan.h"

namespace strata::backend {
namespace {

Result<void> copy_verified(const TreeEntry& entry, const Content& content, const Fd& target) {
  thread_local std::vector<char> buffer(std::size_t{1} << 18);
  Sha256 hash;
  if (entry.size > 0) {
    STRATA_ASSIGN(const Fd source, content.open(entry.path));
    for (;;) {
      STRATA_TRY(check_interrupted());
      const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        return errno_error(entry.path, errno);
      }
      if (count == 0) {
        break;
      }
      const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
      hash.update(piece);
      STRATA_TRY(write_all(target, piece, entry.path));
    }
  }
  if (hash.finish() != entry.sha256) {
    return Error{ErrorCode::Corrupt, entry.path + ": changed while it was read"};
  }
  return {};
}

}  // namespace

Result<void> materialize(const Tree& tree, const Content& content, const std::string& directory) {
  const unsigned jobs = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
  return lay_out(tree, directory, jobs,
                 [&](const TreeEntry& entry, int parent, const std::string& name) -> Result<Fd> {
                   Fd fd(::openat(parent, name.c_str(),
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
                   if (!fd.valid()) {
                     return errno_error(directory + "/" + entry.path, errno);
                   }
                   STRATA_TRY(copy_verified(entry, content, fd));
                   return fd;
                 });
}

}  // namespace strata::backend
