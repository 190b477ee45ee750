#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "backend/system/fd.h"
#include "ir/base/digest.h"

namespace strata::backend {

// A file on its way to a server, hashed as it goes.
class UploadBody {
 public:
  UploadBody(Fd fd, std::uint64_t size, std::optional<Digest> digest)
      : fd_(std::move(fd)), size_(size), digest_(digest) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // It could not be read, or was not what its digest says.
  [[nodiscard]] bool is_damaged() const { return damaged_; }

  // The next bytes, 0 at the end; nullopt instead of the last ones when it is damaged.
  [[nodiscard]] std::optional<std::size_t> read(char* data, std::size_t size);
  // Back to the start, to be sent again.
  [[nodiscard]] bool rewind();

 private:
  Fd fd_;
  std::uint64_t size_;
  std::optional<Digest> digest_;
  Sha256 hash_;
  std::uint64_t done_ = 0;
  bool damaged_ = false;
};

}  // namespace strata::backend
