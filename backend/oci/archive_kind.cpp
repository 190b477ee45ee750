// libarchive as a decompressor and reader of tar headers; its only use in this folder.
#include "backend/oci/archive_kind.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "ir/base/parse_json.h"

namespace strata::backend::oci {
namespace {

using nlohmann::json;

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 30;

// A file as libarchive reads it. Pieces are small, because what comes out of one may be a thousand
// times as much, and between two of them the user's wish to stop is asked for.
class ArchiveFile {
 public:
  ArchiveFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  [[nodiscard]] Error error(struct archive* reader) const {
    if (Result<void> going_on = check_interrupted(); !going_on) {
      return std::move(going_on).error();
    }
    const char* const text = archive_error_string(reader);
    return {ErrorCode::Input,
            fmt::format("`{}`: {}", path_, text != nullptr ? text : "not a tar archive")};
  }

  static la_ssize_t read(struct archive* reader, void* self, const void** data) {
    auto& file = *static_cast<ArchiveFile*>(self);
    *data = file.buffer_.data();
    ssize_t count = -1;
    do {
      if (interrupted()) {
        archive_set_error(reader, EINTR, "interrupted");
        return -1;
      }
      count = ::read(file.fd_.get(), file.buffer_.data(), file.buffer_.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      archive_set_error(reader, errno, "cannot be read");
    }
    return count;
  }
  static la_int64_t skip(struct archive*, void* self, la_int64_t count) {
    const Fd& fd = static_cast<ArchiveFile*>(self)->fd_;
    return ::lseek(fd.get(), count, SEEK_CUR) < 0 ? 0 : count;
  }

 private:
  Fd fd_;
  std::string path_;
  std::vector<char> buffer_ = std::vector<char>(kPiece);
};

struct Free {
  void operator()(struct archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<struct archive, Free>;

enum class Format { Tar, Raw };

// `file` must outlive the reader.
Result<Reader> open_archive(ArchiveFile& file, Format format) {
  Reader reader(archive_read_new());
  if (!reader) {
    return Error{ErrorCode::Machine, "out of memory"};
  }
  // One by one: `all` includes filters that run programs found by PATH.
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_bzip2(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_lzma(reader.get());
  archive_read_support_filter_zstd(reader.get());
  if (format == Format::Tar) {
    archive_read_support_format_tar(reader.get());
  } else {
    archive_read_support_format_raw(reader.get());
    archive_read_support_format_empty(reader.get());
  }
  if (archive_read_open2(reader.get(), &file, nullptr, &ArchiveFile::read, &ArchiveFile::skip,
                         nullptr) != ARCHIVE_OK) {
    return file.error(reader.get());
  }
  return reader;
}

std::string_view without_leading_dots(std::string_view member) {
  while (!member.empty() && (member.front() == '/' || member.substr(0, 2) == "./")) {
    member.remove_prefix(member.front() == '/' ? 1 : 2);
  }
  return member;
}

bool is_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Names that only an image archive has at its top. docker save before 25: <hex>/layer.tar and
// <hex>.json; podman: <hex>.tar; crane and kaniko: sha256:<hex> and <hex>.tar.gz; jib: config.json.
bool belongs_to_an_image(std::string_view name) {
  for (const char* known : {"oci-layout", "index.json", "blobs", "manifest.json", "repositories",
                            "config.json", ".", ""}) {
    if (name == known) {
      return true;
    }
  }
  constexpr std::string_view kAlgorithm = "sha256:";
  if (name.starts_with(kAlgorithm)) {
    name.remove_prefix(kAlgorithm.size());
  }
  return is_hex(name.substr(0, name.find('.')));
}

// What the three documents of an archive's top say, the last of each name: it is the one that
// remains when the archive is unpacked.
struct Documents {
  std::string layout;
  std::string index;
  std::string manifest;

  std::string* place_of(std::string_view path) {
    if (path == "oci-layout") {
      return &layout;
    }
    if (path == "index.json") {
      return &index;
    }
    return path == "manifest.json" ? &manifest : nullptr;
  }

  [[nodiscard]] bool is_layout() const {
    const Result<json> marker = parse_json(layout);
    const Result<json> list = parse_json(index);
    return marker && marker->is_object() && marker->contains("imageLayoutVersion") && list &&
           list->is_object() && list->contains("manifests");
  }
  [[nodiscard]] bool is_docker() const {
    const Result<json> list = parse_json(manifest);
    return list && list->is_array() && !list->empty() &&
           std::all_of(list->begin(), list->end(), [](const json& image) {
             return image.is_object() && image.contains("Config") && image.contains("Layers");
           });
  }
};

Result<std::string> read_member(struct archive* reader, const ArchiveFile& file) {
  std::string text;
  std::vector<char> buffer(kBlock);
  for (;;) {
    const la_ssize_t size = archive_read_data(reader, buffer.data(), buffer.size());
    if (size < 0) {
      return file.error(reader);
    }
    if (size == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > kMaxJsonBytes) {
      // No such document; a root file system may hold one.
      return std::string();
    }
  }
}

}  // namespace

Result<ArchiveKind> archive_kind(const std::string& path) {
  STRATA_ASSIGN(Fd fd, open_read(path));
  ArchiveFile file(std::move(fd), path);
  STRATA_ASSIGN(const Reader reader, open_archive(file, Format::Tar));
  Documents documents;
  bool all_belong = true;
  for (;;) {
    STRATA_TRY(check_interrupted());
    struct archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) {
      break;
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
      return file.error(reader.get());
    }
    const char* const member = archive_entry_pathname(entry);
    const std::string_view name = without_leading_dots(member != nullptr ? member : "");
    all_belong = all_belong && belongs_to_an_image(name.substr(0, name.find('/')));
    std::string* const document = documents.place_of(name);
    if (document != nullptr && archive_entry_filetype(entry) == AE_IFREG) {
      STRATA_ASSIGN(*document, read_member(reader.get(), file));
    }
  }
  const bool named_as_layout = !documents.layout.empty() && !documents.index.empty();
  if (documents.is_layout() || (all_belong && named_as_layout)) {
    return ArchiveKind::OciLayout;
  }
  const bool named_as_docker = !documents.manifest.empty();
  return documents.is_docker() || (all_belong && named_as_docker) ? ArchiveKind::Docker
                                                                  : ArchiveKind::Root;
}

Result<void> decompress(const std::string& path, const std::string& to) {
  STRATA_ASSIGN(Fd fd, open_read(path));
  ArchiveFile file(std::move(fd), path);
  STRATA_ASSIGN(const Reader reader, open_archive(file, Format::Raw));
  const Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out.valid()) {
    return errno_error(to, errno);
  }
  struct archive_entry* entry = nullptr;
  int status = archive_read_next_header(reader.get(), &entry);
  std::vector<char> buffer(kBlock);
  std::uint64_t total = 0;
  while (status == ARCHIVE_OK || status == ARCHIVE_WARN) {
    STRATA_TRY(check_interrupted());
    const la_ssize_t size = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (size == 0) {
      return {};
    }
    if (size < 0) {
      break;
    }
    total += static_cast<std::uint64_t>(size);
    if (total > kMaxBytes) {
      return Error{ErrorCode::Input, fmt::format("`{}`: more than 64 GiB of content", path)};
    }
    STRATA_TRY(write_all(out, {buffer.data(), static_cast<std::size_t>(size)}, to));
  }
  return status == ARCHIVE_EOF ? Result<void>() : Result<void>(file.error(reader.get()));
}

}  // namespace strata::backend::oci
