#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "backend/layer/byte_source.h"

namespace strata::backend {

// Passes bytes through, reading `source` in a thread of its own, a few pieces ahead: decompressing
// and hashing go on while the reader writes files. `source` must outlive it, and is used by nobody
// else before the reader has seen the end or an error.
class ReadAhead final : public ByteSource {
 public:
  explicit ReadAhead(ByteSource& source);
  // Waits for the piece that is being read; what was not asked for is dropped.
  ~ReadAhead() override;
  Result<std::string_view> next() override;

 private:
  void read();
  // False when the reader has gone.
  bool put(Result<std::string_view> piece);

  static constexpr std::size_t kPieces = 8;

  ByteSource* source_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // A ring: `count_` pieces from `first_` on wait for the reader, who holds the one before.
  std::array<std::string, kPieces> pieces_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  // What ended the stream, after the pieces: its end or an error.
  std::optional<Result<void>> end_;
  bool gone_ = false;
  std::thread thread_;
};

}  // namespace strata::backend
