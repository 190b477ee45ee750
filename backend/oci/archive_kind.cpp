// libarchive as a decompressor and reader of tar headers; its only use in this folder.
#include "backend/oci/archive_kind.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <memory>
#include <vector>

#include "backend/system/files.h"

namespace strata::backend::oci {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 30;

struct Free {
  void operator()(struct archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<struct archive, Free>;

enum class Format { Tar, Raw };

Error wrong(const std::string& path, struct archive* reader) {
  const char* const text = archive_error_string(reader);
  return {ErrorCode::Input,
          fmt::format("`{}`: {}", path, text != nullptr ? text : "not a tar archive")};
}

Result<Reader> open_archive(const Fd& fd, const std::string& path, Format format) {
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
  if (archive_read_open_fd(reader.get(), fd.get(), kBlock) != ARCHIVE_OK) {
    return wrong(path, reader.get());
  }
  return reader;
}

std::string top_level_name(std::string_view member) {
  while (!member.empty() && (member.front() == '/' || member.substr(0, 2) == "./")) {
    member.remove_prefix(member.front() == '/' ? 1 : 2);
  }
  return std::string(member.substr(0, member.find('/')));
}

// Names that only an image archive has at its top. (docker save before 25: <hex>/layer.tar,
// <hex>.json; <hex>.tar by podman.)
bool belongs_to_an_image(const std::string& name) {
  for (const char* known :
       {"oci-layout", "index.json", "blobs", "manifest.json", "repositories", ".", ""}) {
    if (name == known) {
      return true;
    }
  }
  const std::string stem = name.substr(0, name.find('.'));
  if (stem.size() != 64) {
    return false;
  }
  for (const char c : stem) {
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<ArchiveKind> archive_kind(const std::string& path) {
  STRATA_ASSIGN(const Fd fd, open_read(path));
  STRATA_ASSIGN(const Reader reader, open_archive(fd, path, Format::Tar));
  bool has_layout = false;
  bool has_index = false;
  bool has_manifest = false;
  for (;;) {
    struct archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) {
      break;
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
      return wrong(path, reader.get());
    }
    const char* const member = archive_entry_pathname(entry);
    const std::string name = top_level_name(member != nullptr ? member : "");
    if (!belongs_to_an_image(name)) {
      return ArchiveKind::Root;
    }
    has_layout = has_layout || name == "oci-layout";
    has_index = has_index || name == "index.json";
    has_manifest = has_manifest || name == "manifest.json";
  }
  if (has_layout && has_index) {
    return ArchiveKind::OciLayout;
  }
  return has_manifest ? ArchiveKind::Docker : ArchiveKind::Root;
}

Result<void> decompress(const std::string& path, const std::string& to) {
  STRATA_ASSIGN(const Fd fd, open_read(path));
  STRATA_ASSIGN(const Reader reader, open_archive(fd, path, Format::Raw));
  const Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out.valid()) {
    return errno_error(to, errno);
  }
  struct archive_entry* entry = nullptr;
  int status = archive_read_next_header(reader.get(), &entry);
  std::vector<char> buffer(kBlock);
  std::uint64_t total = 0;
  while (status == ARCHIVE_OK || status == ARCHIVE_WARN) {
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
  return status == ARCHIVE_EOF ? Result<void>() : Result<void>(wrong(path, reader.get()));
}

}  // namespace strata::backend::oci
