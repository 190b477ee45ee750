// Blobs: written and hashed in one pass, verified on the way out, and where they stand.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "backend/store/store_files.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {
namespace {

// Below this size hashing is cheaper than looking up whether it was done.
constexpr std::uint64_t kAlwaysHash = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxDocument = std::uint64_t{64} << 20;

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

// What does not change as long as nobody writes the file.
std::string identity(const struct stat& status) {
  return fmt::format("{} {} {}\n", status.st_size, nanoseconds(status.st_mtim),
                     nanoseconds(status.st_ctim));
}

std::string verification_path(const StoreFiles& files, const Digest& digest,
                              const struct stat& status) {
  return files.in("verified",
                  fmt::format("{}-{:x}-{:x}", digest.hex(), status.st_dev, status.st_ino));
}

// Not synced: a lost or torn note only means that the blob is hashed once more.
void note_verified(const StoreFiles& files, const Digest& digest, const struct stat& status) {
  Result<TempFile> temp = files.new_temp("verified");
  if (!temp) {
    return;
  }
  const std::string text = identity(status);
  if (!files.write(temp->fd, text.data(), text.size())) {
    return;
  }
  if (::rename(temp->path.c_str(), verification_path(files, digest, status).c_str()) == 0) {
    temp->path.clear();
  }
}

bool is_noted(const StoreFiles& files, const Digest& digest, const struct stat& status) {
  const std::string path = verification_path(files, digest, status);
  const Result<Fd> fd = open_regular_file(path);
  const Result<std::string> text = fd ? read_all(*fd, path) : Result<std::string>(fd.error());
  return text.ok() && *text == identity(status);
}

enum class Verdict { Right, Missing, Damaged };

// Whether what was hashed before counts, when it is noted and nothing has written to the file
// since. It does not for bytes that leave: what rots below the file system leaves no trace in the
// times. None: nothing is noted either.
enum class Notes { Count, Ignore, None };

Result<Verdict> verify_file(const StoreFiles& files, const std::string& path, const Digest& digest,
                            Notes notes = Notes::Count) {
  const Result<Fd> fd = open_regular_file(path);
  if (!fd) {
    switch (fd.error().code) {
      case ErrorCode::NotFound:
        return Verdict::Missing;
      case ErrorCode::Corrupt:
        return Verdict::Damaged;
      default:
        // That this process may open no more files, say, tells nothing of this one.
        return fd.error();
    }
  }
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) {
    return errno_error(path, errno);
  }
  const bool large = static_cast<std::uint64_t>(status.st_size) >= kAlwaysHash;
  if (large && notes == Notes::Count && is_noted(files, digest, status)) {
    return Verdict::Right;
  }
  // What the disk cannot give back is damaged.
  const Result<Digest> actual = hash_file(*fd, path);
  if (!actual && actual.error().code == ErrorCode::Interrupted) {
    return actual.error();
  }
  if (!actual || *actual != digest) {
    return Verdict::Damaged;
  }
  if (large && notes != Notes::None) {
    note_verified(files, digest, status);
  }
  return Verdict::Right;
}

std::string path_of(const StoreFiles& files, const Digest& digest) {
  return files.in("blobs/sha256", digest.hex());
}

// Publishes a complete blob. One that is there already is adopted when it is right and replaced
// when it is damaged.
Result<void> publish_blob(const StoreFiles& files, TempFile temp, const Digest& digest) {
  const std::string path = path_of(files, digest);
  struct stat existing {};
  if (::lstat(path.c_str(), &existing) == 0) {
    STRATA_ASSIGN(const Verdict verdict, verify_file(files, path, digest));
    if (verdict == Verdict::Right) {
      return {};
    }
    files.quarantine(path);
  }
  // Another process may still come first; its blob was hashed as this one was.
  STRATA_ASSIGN(const bool published, files.publish(std::move(temp), path, Existing::Keep));
  struct stat status {};
  if (published && ::lstat(path.c_str(), &status) == 0 &&
      static_cast<std::uint64_t>(status.st_size) >= kAlwaysHash) {
    note_verified(files, digest, status);
  }
  return {};
}

Result<bool> verify_or_condemn(const StoreFiles& files, const Digest& digest, Notes notes) {
  const std::string path = path_of(files, digest);
  STRATA_ASSIGN(const Verdict verdict, verify_file(files, path, digest, notes));
  if (verdict == Verdict::Damaged) {
    files.quarantine(path);
  }
  return verdict == Verdict::Right;
}

class FileBlobWriter final : public Store::BlobWriter {
 public:
  FileBlobWriter(const StoreFiles& files, TempFile temp) : files_(&files), temp_(std::move(temp)) {}

  Result<void> write(const void* data, std::size_t size) override {
    hasher_.update(data, size);
    size_ += size;
    return files_->write(temp_.fd, data, size);
  }

  Result<Descriptor> commit(const std::string& media_type,
                            const std::optional<Digest>& expected) override {
    Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = hasher_.finish();
    descriptor.size = size_;
    if (expected && *expected != descriptor.digest) {
      return Error{ErrorCode::Corrupt, fmt::format("blob {}: its bytes have the digest {}",
                                                   expected->str(), descriptor.digest.str())};
    }
    STRATA_TRY(publish_blob(*files_, std::move(temp_), descriptor.digest));
    return descriptor;
  }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  const StoreFiles* files_;
  TempFile temp_;
  Sha256 hasher_;
  std::uint64_t size_ = 0;
};

}  // namespace

Result<Digest> hash_file(const Fd& fd, const std::string& path) {
  std::vector<char> buffer(std::size_t{1} << 20);
  Sha256 hasher;
  for (;;) {
    STRATA_TRY(check_interrupted());
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno_error(path, errno);
    }
    if (size == 0) {
      return hasher.finish();
    }
    hasher.update(buffer.data(), static_cast<std::size_t>(size));
  }
}

std::string Store::blob_path(const Digest& digest) const { return path_of(*state_, digest); }

std::optional<std::uint64_t> Store::blob_size(const Digest& digest) const {
  struct stat status {};
  if (::lstat(blob_path(digest).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::optional<std::string>> Store::read_blob(const Digest& digest) const {
  if (const std::optional<std::uint64_t> size = blob_size(digest); size && *size > kMaxDocument) {
    return Error{
        ErrorCode::Corrupt,
        fmt::format("blob {}: {} bytes are too many for an image document", digest.str(), *size)};
  }
  return state_->checked_file(blob_path(digest), digest);
}

Result<bool> Store::verify_blob(const Digest& digest) const {
  return verify_or_condemn(*state_, digest, Notes::Count);
}

Result<bool> Store::rehash_blob(const Digest& digest) const {
  return verify_or_condemn(*state_, digest, Notes::Ignore);
}

Result<bool> Store::verify_copy(const std::string& path, const Digest& digest) const {
  STRATA_ASSIGN(const Verdict verdict, verify_file(*state_, path, digest, Notes::None));
  return verdict == Verdict::Right;
}

Result<Digest> Store::put_blob(std::string_view data) {
  STRATA_ASSIGN(const std::unique_ptr<BlobWriter> writer, new_blob());
  STRATA_TRY(writer->write(data.data(), data.size()));
  STRATA_ASSIGN(const Descriptor descriptor, writer->commit("", std::nullopt));
  return descriptor.digest;
}

Result<std::unique_ptr<Store::BlobWriter>> Store::new_blob() {
  STRATA_ASSIGN(TempFile temp, state_->new_temp("blob"));
  return std::unique_ptr<BlobWriter>(std::make_unique<FileBlobWriter>(*state_, std::move(temp)));
}

std::string Store::partial_path(const Digest& digest) const {
  return state_->in("tmp", download_name(digest));
}

Result<void> Store::adopt_partial(const Digest& digest) {
  TempFile temp;
  const std::string path = partial_path(digest);
  STRATA_ASSIGN(temp.fd, open_regular_file(path));
  const Result<Digest> actual = hash_file(temp.fd, path);
  // The next pull goes on with it.
  STRATA_TRY(check_interrupted());
  // From here on the file is removed unless it becomes the blob.
  temp.path = path;
  if (!actual) {
    return actual.error();
  }
  if (*actual != digest) {
    return Error{ErrorCode::Corrupt, fmt::format("blob {}: the downloaded bytes have the digest {}",
                                                 digest.str(), actual->str())};
  }
  return publish_blob(*state_, std::move(temp), digest);
}

}  // namespace strata::backend
