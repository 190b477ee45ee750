#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backend/system/fd.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend {

// A stream of bytes, pulled piece by piece.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // The next piece, valid until the next call; empty at the end.
  virtual Result<std::string_view> next() = 0;
};

// The file's bytes from its start, wherever its offset is. `fd` and `name` must outlive it.
[[nodiscard]] std::unique_ptr<ByteSource> file_source(const Fd& fd, const std::string& name);

// Undoes gzip or zstd, known by the first bytes; anything else passes. Several members or frames
// are one stream; what follows the last one and is none, a truncated one, and a zstd window above
// 128 MiB are Error Corrupt.
[[nodiscard]] std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource> source);

// Passes bytes through, hashing and counting them. Error Corrupt beyond `max_bytes`.
class HashingSource final : public ByteSource {
 public:
  HashingSource(std::unique_ptr<ByteSource> source, std::uint64_t max_bytes)
      : source_(std::move(source)), max_bytes_(max_bytes) {}
  Result<std::string_view> next() override;
  // Reads what is left; the digest of everything.
  Result<Digest> finish();

 private:
  std::unique_ptr<ByteSource> source_;
  std::uint64_t max_bytes_;
  std::uint64_t count_ = 0;
  Sha256 hash_;
};

}  // namespace strata::backend
