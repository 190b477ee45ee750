// Standard output without a buffer; external interface is just the three functions.
#include "backend/system/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "backend/system/files.h"

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

bool standard_output_abandoned() { return abandoned; }

}  // namespace strata::backend
