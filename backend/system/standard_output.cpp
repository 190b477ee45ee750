// Standard output and standard error without a buffer.
#include "backend/system/standard_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <utility>

#include "backend/system/files.h"
#include "backend/system/wait_ready.h"

namespace strata::backend {
namespace {

constexpr const char* kName = "standard output";

std::atomic<bool> used = false;
std::atomic<bool> abandoned = false;

Error as_output_error(Error error) {
  error.code = ErrorCode::Output;
  return error;
}

}  // namespace

Result<void> write_standard_output(std::string_view bytes) {
  used = true;
  Result<void> written = write_interruptibly(STDOUT_FILENO, bytes, kName);
  if (written || written.error().code == ErrorCode::Interrupted) {
    return written;
  }
  abandoned = abandoned || errno == EPIPE;
  return as_output_error(std::move(written).error());
}

Result<void> finish_standard_output() {
  const int copy = used ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : -1;
  return copy >= 0 && ::close(copy) != 0 ? Result<void>(as_output_error(errno_error(kName, errno)))
                                         : Result<void>();
}

void write_standard_error(std::string_view bytes) {
  // Once for the process: each of many messages would wait again.
  static std::atomic<bool> stuck = false;
  while (!bytes.empty()) {
    constexpr int kLastWait = 100;
    const bool ready = wait_ready(STDERR_FILENO, POLLOUT, "standard error").ok();
    pollfd waited{STDERR_FILENO, POLLOUT, 0};
    if (!ready && ::poll(&waited, 1, stuck ? 0 : kLastWait) <= 0) {
      stuck = true;
      return;
    }
    const ssize_t count =
        ::write(STDERR_FILENO, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
      return;
    }
    bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
}

bool standard_output_abandoned() { return abandoned; }

}  // namespace strata::backend
