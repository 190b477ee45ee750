// The body of an upload.
#include "backend/registry/upload_body.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace strata::backend {

std::optional<std::size_t> UploadBody::read(char* data, std::size_t size) {
  // What was appended since is not part of it.
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - done_));
  ssize_t count = 0;
  do {
    count = ::read(fd_.get(), data, want);
  } while (count < 0 && errno == EINTR);
  if (count < 0 || (count == 0 && done_ < size_)) {
    damaged_ = true;
    return std::nullopt;
  }
  done_ += static_cast<std::uint64_t>(count);
  if (digest_ && count > 0) {
    hash_.update(data, static_cast<std::size_t>(count));
    damaged_ = done_ == size_ && hash_.finish() != *digest_;
  }
  return damaged_ ? std::nullopt : std::optional(static_cast<std::size_t>(count));
}

bool UploadBody::rewind() {
  hash_ = Sha256();
  done_ = 0;
  return ::lseek(fd_.get(), 0, SEEK_SET) == 0;
}

}  // namespace strata::backend
