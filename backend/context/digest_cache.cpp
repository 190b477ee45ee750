// DigestCache: one binary file with a checksum (backend/context/README.md), searched as it lies.
#include "backend/context/digest_cache.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <tuple>
#include <type_traits>

#include "backend/system/files.h"
#include "backend/tree/read_file_data.h"

namespace strata::backend {
namespace {

constexpr std::string_view kMagic = "strata file digests 1\n";
// Beyond this, records that a build did not look at are dropped.
constexpr std::size_t kMaxRecords = 400'000;

template <typename T>
void append_raw(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(static_cast<char*>(bytes), &value, sizeof(T));
  out.append(static_cast<const char*>(bytes), sizeof(T));
}

void append_sized(std::string& out, const std::string& text) {
  append_raw(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

class RawReader {
 public:
  explicit RawReader(std::string_view text) : text_(text) {}
  template <typename T>
  bool read(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (text_.size() < sizeof(T)) {
      return false;
    }
    std::memcpy(&value, text_.data(), sizeof(T));
    text_.remove_prefix(sizeof(T));
    return true;
  }
  bool read_sized(std::string& value) {
    std::uint32_t size = 0;
    if (!read(size) || text_.size() < size) {
      return false;
    }
    value.assign(text_.substr(0, size));
    text_.remove_prefix(size);
    return true;
  }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

// Whether a change after `began` would show in these times.
bool is_racy(std::int64_t mtime, std::int64_t ctime, std::int64_t began) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  // Times in whole seconds come from a file system that keeps no more (some keep two seconds).
  const bool coarse = mtime % kSecond == 0 && ctime % kSecond == 0;
  const std::int64_t margin = coarse ? 2 * kSecond : 0;
  return std::max(mtime, ctime) + margin >= began;
}

}  // namespace

std::int64_t cache_clock() {
  timespec now{};
  // File times are those of the last tick, which this clock reads; the precise one is ahead of it.
  (void)::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return nanoseconds(now);
}

bool DigestCache::load() {
  const std::lock_guard lock(mutex_);
  loaded_.clear();
  const Result<Fd> file = open_regular_file(path_);
  const Result<std::string> text =
      file ? read_all(*file, path_) : Result<std::string>(file.error());
  if (text && parse(*text)) {
    return true;
  }
  loaded_.clear();
  return !text && text.error().code == ErrorCode::NotFound;
}

bool DigestCache::parse(std::string_view text) {
  constexpr std::size_t kDigestSize = sizeof(Digest::bytes);
  if (text.size() < kMagic.size() + kDigestSize || text.substr(0, kMagic.size()) != kMagic) {
    return false;
  }
  const std::string_view body = text.substr(0, text.size() - kDigestSize);
  if (std::memcmp(Digest::of(body).bytes.data(), text.data() + body.size(), kDigestSize) != 0) {
    return false;
  }
  RawReader reader(body.substr(kMagic.size()));
  while (!reader.at_end()) {
    Record& record = loaded_.emplace_back();
    std::uint32_t xattrs = 0;
    if (!reader.read(record.key.first) || !reader.read(record.key.second) ||
        !reader.read(record.stamp) || !reader.read(record.data.sha256.bytes) ||
        !reader.read(xattrs)) {
      return false;
    }
    for (std::uint32_t i = 0; i < xattrs; ++i) {
      auto& [name, value] = record.data.xattrs.emplace_back();
      if (!reader.read_sized(name) || !reader.read_sized(value)) {
        return false;
      }
    }
  }
  return std::is_sorted(loaded_.begin(), loaded_.end(),
                        [](const Record& a, const Record& b) { return a.key < b.key; });
}

std::string DigestCache::print() const {
  const bool drop_unused = loaded_.size() + added_.size() > kMaxRecords;
  std::string out(kMagic);
  const auto append = [&out](const Record& record) {
    append_raw(out, record.key.first);
    append_raw(out, record.key.second);
    append_raw(out, record.stamp);
    append_raw(out, record.data.sha256.bytes);
    append_raw(out, static_cast<std::uint32_t>(record.data.xattrs.size()));
    for (const auto& [name, value] : record.data.xattrs) {
      append_sized(out, name);
      append_sized(out, value);
    }
  };
  auto added = added_.begin();
  for (const Record& record : loaded_) {
    for (; added != added_.end() && added->first < record.key; ++added) {
      append(added->second);
    }
    const bool replaced = added != added_.end() && added->first == record.key;
    if (!replaced && (record.used || !drop_unused)) {
      append(record);
    }
  }
  for (; added != added_.end(); ++added) {
    append(added->second);
  }
  const Digest checksum = Digest::of(out);
  append_raw(out, checksum.bytes);
  return out;
}

Result<void> DigestCache::save() {
  const std::lock_guard lock(mutex_);
  if (added_.empty()) {
    return {};
  }
  return write_file_durably(path_, print());
}

DigestCache::Record* DigestCache::find_loaded(const Key& key) {
  const auto found =
      std::lower_bound(loaded_.begin(), loaded_.end(), key,
                       [](const Record& record, const Key& k) { return record.key < k; });
  return found != loaded_.end() && found->key == key ? &*found : nullptr;
}

std::optional<InodeData> DigestCache::find(const struct stat& info) {
  const std::lock_guard lock(mutex_);
  const Key key{info.st_dev, info.st_ino};
  Record* record = nullptr;
  if (const auto added = added_.find(key); added != added_.end()) {
    record = &added->second;
  } else {
    record = find_loaded(key);
  }
  if (record == nullptr) {
    return std::nullopt;
  }
  const Stamp& stamp = record->stamp;
  if (stamp.size != static_cast<std::uint64_t>(info.st_size) ||
      stamp.mtime != nanoseconds(info.st_mtim) || stamp.ctime != nanoseconds(info.st_ctim) ||
      is_racy(stamp.mtime, stamp.ctime, stamp.began)) {
    return std::nullopt;
  }
  record->used = true;
  return record->data;
}

void DigestCache::put(const struct stat& info, const InodeData& data, std::int64_t began) {
  const Stamp stamp{static_cast<std::uint64_t>(info.st_size), nanoseconds(info.st_mtim),
                    nanoseconds(info.st_ctim), began};
  if (is_racy(stamp.mtime, stamp.ctime, began)) {
    // It would never be trusted.
    return;
  }
  const std::lock_guard lock(mutex_);
  const Key key{info.st_dev, info.st_ino};
  added_.insert_or_assign(key, Record{key, stamp, data, true});
}

}  // namespace strata::backend
