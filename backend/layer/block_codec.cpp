// BlockCodec: libdeflate and zstd on single blocks, and the emission profiles that name them.
#include "backend/layer/block_codec.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "ir/base/check.h"

namespace strata::backend {
namespace {

constexpr int kGzipDefault = 6;
constexpr int kGzipMax = 12;
constexpr int kZstdDefault = 3;
constexpr int kZstdMax = 22;

void append_le32(std::string& out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) {
    out += static_cast<char>(value >> (8 * i) & 0xff);
  }
}

// A whole gzip member. The header is ours, because libdeflate's own says which level was used.
class GzipCodec final : public BlockCodec {
 public:
  explicit GzipCodec(int level) : compressor_(libdeflate_alloc_compressor(level)) {}

  Result<void> compress(std::string_view block, std::string& out) override {
    if (!compressor_) {
      return Error{ErrorCode::Machine, "no memory for a gzip compressor"};
    }
    // Magic, deflate, no flags, MTIME 0, XFL 0, OS unknown.
    constexpr std::array<char, 10> kHeader{'\x1f', '\x8b', '\x08', 0, 0, 0, 0, 0, 0, '\xff'};
    out.resize(kHeader.size() + libdeflate_deflate_compress_bound(compressor_.get(), block.size()));
    std::copy(kHeader.begin(), kHeader.end(), out.begin());
    const std::size_t size =
        libdeflate_deflate_compress(compressor_.get(), block.data(), block.size(),
                                    out.data() + kHeader.size(), out.size() - kHeader.size());
    STRATA_CHECK(size != 0, "libdeflate refuses a buffer of its own bound");
    out.resize(kHeader.size() + size);
    append_le32(out, libdeflate_crc32(0, block.data(), block.size()));
    append_le32(out, static_cast<std::uint32_t>(block.size()));
    return {};
  }

 private:
  struct Free {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

class ZstdCodec final : public BlockCodec {
 public:
  explicit ZstdCodec(int level) : context_(ZSTD_createCCtx()) {
    if (context_) {
      ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
      ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
      ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_contentSizeFlag, 1);
    }
  }

  Result<void> compress(std::string_view block, std::string& out) override {
    if (!context_) {
      return Error{ErrorCode::Machine, "no memory for a zstd compressor"};
    }
    out.resize(ZSTD_compressBound(block.size()));
    const std::size_t size =
        ZSTD_compress2(context_.get(), out.data(), out.size(), block.data(), block.size());
    if (ZSTD_isError(size) != 0) {
      return Error{ErrorCode::Machine, std::string("zstd: ") + ZSTD_getErrorName(size)};
    }
    out.resize(size);
    return {};
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

std::optional<int> parse_level(std::string_view text, int max) {
  int level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc() || end != text.data() + text.size() || level < 1 || level > max) {
    return std::nullopt;
  }
  return level;
}

}  // namespace

std::unique_ptr<BlockCodec> make_block_codec(const EmissionProfile& profile) {
  switch (profile.codec) {
    case Codec::None:
      return nullptr;
    case Codec::Gzip:
      return std::make_unique<GzipCodec>(profile.level);
    case Codec::Zstd:
      return std::make_unique<ZstdCodec>(profile.level);
  }
  return nullptr;
}

std::size_t block_size(Codec codec) { return std::size_t{codec == Codec::Zstd ? 4U : 1U} << 20; }

std::string EmissionProfile::name() const {
  switch (codec) {
    case Codec::None:
      return "none";
    case Codec::Gzip:
      return "gzip-" + std::to_string(level) + "-libdeflate-" LIBDEFLATE_VERSION_STRING "-1m";
    case Codec::Zstd:
      return "zstd-" + std::to_string(level) + "-libzstd-" + ZSTD_versionString() + "-4m";
  }
  return "";
}

std::string EmissionProfile::media_type() const {
  std::string base = "application/vnd.oci.image.layer.v1.tar";
  switch (codec) {
    case Codec::None:
      return base;
    case Codec::Gzip:
      return base + "+gzip";
    case Codec::Zstd:
      return base + "+zstd";
  }
  return base;
}

Result<EmissionProfile> EmissionProfile::parse(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  if (name == "none" && colon == std::string::npos) {
    return EmissionProfile{Codec::None, 0};
  }
  if (name != "gzip" && name != "zstd") {
    return Error{ErrorCode::Input, "unknown compression `" + text +
                                       "`; known are `gzip[:LEVEL]`, `zstd[:LEVEL]` and `none`"};
  }
  const bool gzip = name == "gzip";
  EmissionProfile profile{gzip ? Codec::Gzip : Codec::Zstd, gzip ? kGzipDefault : kZstdDefault};
  if (colon != std::string::npos) {
    const int max = gzip ? kGzipMax : kZstdMax;
    const std::optional<int> level = parse_level(std::string_view(text).substr(colon + 1), max);
    if (!level) {
      return Error{ErrorCode::Input, "compression level in `" + text +
                                         "` is not a number from 1 to " + std::to_string(max)};
    }
    profile.level = *level;
  }
  return profile;
}

}  // namespace strata::backend
