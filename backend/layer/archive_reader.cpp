// ArchiveReader: the adapter of libarchive's reader.
#include "backend/layer/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "backend/system/interrupt.h"
#include "backend/tree/read_file_data.h"

namespace strata::backend {
namespace {

constexpr std::uint64_t kMaxHeader = std::uint64_t{2} << 20;
constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

// libarchive converts names between UTF-8 and the locale's charset, and to NFC on the way. In the C
// locale the conversion of anything beyond ASCII fails, and then it hands out the bytes as they
// are: the one locale that changes nothing.
class PlainLocale {
 public:
  PlainLocale() : plain_(::newlocale(LC_ALL_MASK, "C", nullptr)), previous_(::uselocale(plain_)) {}
  ~PlainLocale() {
    (void)::uselocale(previous_);
    ::freelocale(plain_);
  }
  PlainLocale(const PlainLocale&) = delete;
  PlainLocale& operator=(const PlainLocale&) = delete;

 private:
  locale_t plain_;
  locale_t previous_;
};

std::string text_of(const char* text) { return text != nullptr ? text : ""; }

Error malformed(const std::string& reason) { return Error{ErrorCode::Corrupt, reason}; }

Result<EntryType> type_of(archive_entry* entry, const std::string& path) {
  if (archive_entry_hardlink(entry) != nullptr) {
    return EntryType::Hardlink;
  }
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryType::File;
    case AE_IFDIR:
      return EntryType::Directory;
    case AE_IFLNK:
      return EntryType::Symlink;
    case AE_IFCHR:
      return EntryType::Char;
    case AE_IFBLK:
      return EntryType::Block;
    case AE_IFIFO:
      return EntryType::Fifo;
    default:
      return malformed(path + ": is of a type that no image has");
  }
}

Result<std::uint32_t> id_of(std::int64_t id, const std::string& path) {
  if (id < 0 || id >= std::numeric_limits<std::uint32_t>::max()) {
    return malformed(path + ": owner " + std::to_string(id) + " is out of range");
  }
  return static_cast<std::uint32_t>(id);
}

ir::Pairs xattrs_of(archive_entry* entry) {
  ir::Pairs pairs;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (name != nullptr && is_kept_xattr(name)) {
      pairs.emplace_back(name, std::string(static_cast<const char*>(value), size));
    }
  }
  std::sort(pairs.begin(), pairs.end());
  // Twice the same name: the last one in byte order stays, whatever the order in the archive was.
  const auto last = std::unique(pairs.rbegin(), pairs.rend(),
                                [](const auto& a, const auto& b) { return a.first == b.first; });
  pairs.erase(pairs.begin(), last.base());
  return pairs;
}

Result<TreeEntry> convert(archive_entry* source) {
  TreeEntry entry;
  entry.path = text_of(archive_entry_pathname(source));
  STRATA_ASSIGN(entry.type, type_of(source, entry.path));
  entry.mode = archive_entry_perm(source) & 07777;
  STRATA_ASSIGN(entry.uid, id_of(archive_entry_uid(source), entry.path));
  STRATA_ASSIGN(entry.gid, id_of(archive_entry_gid(source), entry.path));
  entry.mtime = archive_entry_mtime(source);
  if (entry.type == EntryType::Hardlink) {
    entry.link = text_of(archive_entry_hardlink(source));
    return entry;
  }
  entry.xattrs = xattrs_of(source);
  if (entry.type == EntryType::Symlink) {
    entry.mode = 0777;
    entry.link = text_of(archive_entry_symlink(source));
    if (entry.link.empty()) {
      return malformed(entry.path + ": is a symbolic link to nothing");
    }
  }
  if (entry.type == EntryType::Char || entry.type == EntryType::Block) {
    entry.dev_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(source));
    entry.dev_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(source));
  }
  if (entry.type == EntryType::File) {
    entry.size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(source), 0));
  }
  return entry;
}

struct Free {
  void operator()(archive* a) const { (void)archive_read_free(a); }
};
using Reader = std::unique_ptr<archive, Free>;

// What a reader's source is to libarchive.
struct Feed {
  ByteSource* source = nullptr;
  // What may yet be read from the source in this call.
  std::uint64_t allowance = kUnlimited;
  // What the source returned, which is more exact than what libarchive makes of it.
  std::optional<Error> error;

  static la_ssize_t read(archive* a, void* data, const void** buffer) {
    auto* feed = static_cast<Feed*>(data);
    Result<std::string_view> piece = feed->next();
    if (!piece) {
      feed->error = std::move(piece).error();
      archive_set_error(a, EIO, "source");
      return -1;
    }
    feed->allowance -= std::min<std::uint64_t>(feed->allowance, piece->size());
    *buffer = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  }

  [[nodiscard]] Error error_of(archive* reader) const {
    return error ? *error
                 : malformed("is no sound tar archive: " + text_of(archive_error_string(reader)));
  }

 private:
  Result<std::string_view> next() const {
    STRATA_TRY(check_interrupted());
    if (allowance == 0) {
      return malformed("a member's header is longer than 2 MiB");
    }
    return source->next();
  }
};

// Undoes what libarchive knows of compressions, apart from the reading of members: what those may
// take is counted in uncompressed bytes.
class Uncompressed final : public ByteSource {
 public:
  explicit Uncompressed(ByteSource& source) : reader_(archive_read_new()) {
    feed_.source = &source;
    archive_read_support_filter_gzip(reader_.get());
    archive_read_support_filter_bzip2(reader_.get());
    archive_read_support_filter_xz(reader_.get());
    archive_read_support_filter_zstd(reader_.get());
    archive_read_support_format_raw(reader_.get());
    archive_read_support_format_empty(reader_.get());
  }

  Result<std::string_view> next() override {
    STRATA_ASSIGN(const bool has_more, open());
    const void* data = nullptr;
    std::size_t size = 0;
    while (has_more && size == 0) {
      la_int64_t offset = 0;
      const int status = archive_read_data_block(reader_.get(), &data, &size, &offset);
      if (status == ARCHIVE_EOF) {
        return std::string_view();
      }
      if (status != ARCHIVE_OK) {
        return feed_.error_of(reader_.get());
      }
    }
    return std::string_view(static_cast<const char*>(data), size);
  }

 private:
  // False when there is nothing in it.
  Result<bool> open() {
    if (!opened_) {
      opened_ = true;
      archive_entry* entry = nullptr;
      int status = archive_read_open(reader_.get(), &feed_, nullptr, &Feed::read, nullptr);
      if (status == ARCHIVE_OK) {
        status = archive_read_next_header(reader_.get(), &entry);
      }
      if (status != ARCHIVE_OK && status != ARCHIVE_EOF) {
        return feed_.error_of(reader_.get());
      }
      is_empty_ = status == ARCHIVE_EOF;
    }
    return !is_empty_;
  }

  Reader reader_;
  Feed feed_;
  bool opened_ = false;
  bool is_empty_ = false;
};

}  // namespace

struct ArchiveReader::State {
  std::unique_ptr<ByteSource> uncompressed;
  Reader reader;
  // libarchive keeps the map of a sparse file in memory, at some twenty times its size, and has no
  // bound for it: a header has an allowance.
  Feed feed;
  bool opened = false;
  // The last member, valid until the next one.
  archive_entry* entry = nullptr;

  [[nodiscard]] Error error() const { return feed.error_of(reader.get()); }

  // A conversion that failed is what PlainLocale is for; any other warning is a part that
  // libarchive skipped, and what it skips another reader may take.
  [[nodiscard]] bool is_fine(int status) const {
    return status == ARCHIVE_OK ||
           (status == ARCHIVE_WARN &&
            text_of(archive_error_string(reader.get())).find("can't be converted") !=
                std::string::npos);
  }
};

ArchiveReader::ArchiveReader(ByteSource& source, Filters filters)
    : state_(std::make_unique<State>()) {
  if (filters == Filters::All) {
    state_->uncompressed = std::make_unique<Uncompressed>(source);
  }
  state_->feed.source = state_->uncompressed ? state_->uncompressed.get() : &source;
  state_->reader.reset(archive_read_new());
  archive_read_support_format_tar(state_->reader.get());
  archive_read_support_format_empty(state_->reader.get());
}

ArchiveReader::~ArchiveReader() = default;

Result<std::optional<TreeEntry>> ArchiveReader::next() {
  const PlainLocale locale;
  archive* reader = state_->reader.get();
  if (!state_->opened) {
    state_->opened = true;
    if (archive_read_open(reader, &state_->feed, nullptr, &Feed::read, nullptr) != ARCHIVE_OK) {
      return state_->error();
    }
  }
  // What is left of the member before is no part of the header.
  state_->feed.allowance = kUnlimited;
  if (state_->entry != nullptr && archive_read_data_skip(reader) != ARCHIVE_OK) {
    return state_->error();
  }
  state_->feed.allowance = kMaxHeader;
  archive_entry*& entry = state_->entry;
  entry = nullptr;
  archive_clear_error(reader);
  const int status = archive_read_next_header(reader, &entry);
  if (status == ARCHIVE_EOF) {
    return std::optional<TreeEntry>();
  }
  if (!state_->is_fine(status)) {
    return state_->error();
  }
  STRATA_ASSIGN(TreeEntry converted, convert(entry));
  return std::optional<TreeEntry>(std::move(converted));
}

std::size_t ArchiveReader::sparse_regions() const {
  return state_->entry == nullptr
             ? 0
             : static_cast<std::size_t>(archive_entry_sparse_count(state_->entry));
}

std::uint64_t ArchiveReader::position() const {
  return static_cast<std::uint64_t>(
      std::max<la_int64_t>(archive_filter_bytes(state_->reader.get(), 0), 0));
}

Result<void> ArchiveReader::read_data(const Block& block) {
  const PlainLocale locale;
  state_->feed.allowance = kUnlimited;
  for (;;) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(state_->reader.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) {
      return {};
    }
    if (status != ARCHIVE_OK || offset < 0) {
      return state_->error();
    }
    STRATA_TRY(block(std::string_view(static_cast<const char*>(data), size),
                     static_cast<std::uint64_t>(offset)));
  }
}

}  // namespace strata::backend
