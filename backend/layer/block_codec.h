#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "backend/layer/layer.h"

namespace strata::backend {

// Compresses one block into a piece that stands alone (a gzip member, a zstd frame): the pieces in
// order are the blob, so a blob's bytes do not depend on who compressed which block. Not
// thread-safe: one per thread.
class BlockCodec {
 public:
  virtual ~BlockCodec() = default;
  BlockCodec() = default;
  BlockCodec(const BlockCodec&) = delete;
  BlockCodec& operator=(const BlockCodec&) = delete;

  // Replaces what `out` holds (it is the caller's buffer, kept between blocks). Error Machine: no
  // memory.
  virtual Result<void> compress(std::string_view block, std::string& out) = 0;
};

// nullptr for Codec::None.
[[nodiscard]] std::unique_ptr<BlockCodec> make_block_codec(const EmissionProfile& profile);

// Uncompressed bytes per block; part of the profile's name.
[[nodiscard]] std::size_t block_size(Codec codec);

}  // namespace strata::backend
