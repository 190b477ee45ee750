// Byte sources: files, gzip and zstd undone strictly, hashing.
#include "backend/layer/byte_source.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <vector>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

class FileSource final : public ByteSource {
 public:
  FileSource(const Fd& fd, const std::string& name) : fd_(&fd), name_(&name), buffer_(kChunk) {}

  Result<std::string_view> next() override {
    for (;;) {
      const ssize_t count = ::pread(fd_->get(), buffer_.data(), buffer_.size(), offset_);
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        return errno_error(*name_, errno);
      }
      offset_ += count;
      return std::string_view(buffer_.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  const Fd* fd_;
  const std::string* name_;
  std::vector<char> buffer_;
  off_t offset_ = 0;
};

// One that is fed by another, which it reads only when it has used up what it has.
class Filter : public ByteSource {
 public:
  Filter(std::unique_ptr<ByteSource> source, std::string_view first)
      : source_(std::move(source)), first_(first), input_(first_), output_(kChunk) {}

 protected:
  // False at the end of the input.
  Result<bool> fill() {
    if (!input_.empty()) {
      return true;
    }
    STRATA_ASSIGN(input_, source_->next());
    return !input_.empty();
  }

  [[nodiscard]] std::string_view input() const { return input_; }
  void consume(std::size_t count) { input_.remove_prefix(count); }
  std::vector<char>& output() { return output_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string first_;
  std::string_view input_;
  std::vector<char> output_;
};

class PlainSource final : public Filter {
 public:
  using Filter::Filter;
  Result<std::string_view> next() override {
    STRATA_ASSIGN(const bool more, fill());
    if (!more) {
      return std::string_view();
    }
    const std::string_view piece = input();
    consume(piece.size());
    return piece;
  }
};

class GzipSource final : public Filter {
 public:
  GzipSource(std::unique_ptr<ByteSource> source, std::string_view first)
      : Filter(std::move(source), first) {
    constexpr int kGzipOnly = 16;
    ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
  }
  ~GzipSource() override {
    if (ready_) {
      (void)inflateEnd(&stream_);
    }
  }

  Result<std::string_view> next() override {
    if (!ready_) {
      return Error{ErrorCode::Machine, "no memory for a gzip decompressor"};
    }
    for (;;) {
      STRATA_ASSIGN(const bool more, fill());
      if (!more) {
        if (in_member_) {
          return Error{ErrorCode::Corrupt, "the gzip stream is cut off"};
        }
        return std::string_view();
      }
      STRATA_ASSIGN(const std::size_t count, inflate_some());
      if (count > 0) {
        return std::string_view(output().data(), count);
      }
    }
  }

 private:
  Result<std::size_t> inflate_some() {
    in_member_ = true;
    // zlib does not write to its input; its interface is from before const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input().data()));
    stream_.avail_in = static_cast<uInt>(input().size());
    stream_.next_out = reinterpret_cast<Bytef*>(output().data());
    stream_.avail_out = static_cast<uInt>(output().size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    consume(input().size() - stream_.avail_in);
    if (status == Z_STREAM_END) {
      in_member_ = false;
      (void)inflateReset(&stream_);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      const char* reason = stream_.msg != nullptr ? stream_.msg : "malformed";
      return Error{ErrorCode::Corrupt, std::string("gzip: ") + reason};
    }
    return output().size() - stream_.avail_out;
  }

  z_stream stream_{};
  bool ready_ = false;
  bool in_member_ = false;
};

class ZstdSource final : public Filter {
 public:
  ZstdSource(std::unique_ptr<ByteSource> source, std::string_view first)
      : Filter(std::move(source), first), context_(ZSTD_createDCtx()) {
    constexpr int kMaxWindowLog = 27;
    if (context_) {
      ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
    }
  }

  Result<std::string_view> next() override {
    if (!context_) {
      return Error{ErrorCode::Machine, "no memory for a zstd decompressor"};
    }
    for (;;) {
      STRATA_ASSIGN(const bool more, fill());
      if (!more && !flushing_) {
        if (in_frame_) {
          return Error{ErrorCode::Corrupt, "the zstd stream is cut off"};
        }
        return std::string_view();
      }
      ZSTD_inBuffer in{input().data(), input().size(), 0};
      ZSTD_outBuffer out{output().data(), output().size(), 0};
      const std::size_t status = ZSTD_decompressStream(context_.get(), &out, &in);
      consume(in.pos);
      if (ZSTD_isError(status) != 0) {
        return Error{ErrorCode::Corrupt, std::string("zstd: ") + ZSTD_getErrorName(status)};
      }
      in_frame_ = status != 0;
      // A full buffer may not have been all; ask again even without new input.
      flushing_ = in_frame_ && out.pos == out.size;
      if (out.pos > 0) {
        return std::string_view(output().data(), out.pos);
      }
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool in_frame_ = false;
  bool flushing_ = false;
};

bool starts_with(std::string_view data, std::string_view magic) {
  return data.substr(0, magic.size()) == magic;
}

bool is_zstd(std::string_view data) {
  // A frame, or a skippable frame, which may come first.
  return starts_with(data, "\x28\xb5\x2f\xfd") ||
         (data.size() >= 4 && (static_cast<unsigned char>(data[0]) & 0xf0) == 0x50 &&
          data.substr(1, 3) == "\x2a\x4d\x18");
}

// Chooses the filter when the first bytes are read.
class DecompressedSource final : public ByteSource {
 public:
  explicit DecompressedSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  Result<std::string_view> next() override {
    if (!filter_) {
      STRATA_ASSIGN(const std::string_view piece, source_->next());
      const std::string first(piece);
      if (starts_with(first, "\x1f\x8b")) {
        filter_ = std::make_unique<GzipSource>(std::move(source_), first);
      } else if (is_zstd(first)) {
        filter_ = std::make_unique<ZstdSource>(std::move(source_), first);
      } else {
        filter_ = std::make_unique<PlainSource>(std::move(source_), first);
      }
    }
    return filter_->next();
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<ByteSource> filter_;
};

}  // namespace

std::unique_ptr<ByteSource> file_source(const Fd& fd, const std::string& name) {
  return std::make_unique<FileSource>(fd, name);
}

std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource> source) {
  return std::make_unique<DecompressedSource>(std::move(source));
}

Result<std::string_view> HashingSource::next() {
  STRATA_ASSIGN(const std::string_view piece, source_->next());
  count_ += piece.size();
  if (count_ > max_bytes_) {
    return Error{ErrorCode::Corrupt,
                 "unpacks to more than " + std::to_string(max_bytes_) + " bytes"};
  }
  hash_.update(piece);
  return piece;
}

Result<Digest> HashingSource::finish() {
  for (;;) {
    STRATA_ASSIGN(const std::string_view piece, next());
    if (piece.empty()) {
      return hash_.finish();
    }
  }
}

}  // namespace strata::backend
