#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/tree/tree.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend {

// What reading an inode yields: a file's digest (zeros for a directory) and its xattrs.
struct InodeData {
  Digest sha256;
  ir::Pairs xattrs;
  bool operator==(const InodeData&) const = default;
};

// The data of inodes by device and inode number, valid for one size, mtime and ctime, as git's
// index does it: a record is trusted only if the inode's times lie before the moment at which its
// reading began, because a change in the same clock tick leaves no trace in them. Thread-safe.
class DigestCache {
 public:
  explicit DigestCache(std::string path) : path_(std::move(path)) {}

  // Replaces what is held by the file's records; a file that is missing or damaged holds none.
  // False: there is something that is no such file.
  bool load();
  // By rename; does nothing when nothing has changed since load().
  Result<void> save();

  [[nodiscard]] std::optional<InodeData> find(const struct stat& info);
  // `began`: the time of cache_clock() before `info` was taken.
  void put(const struct stat& info, const InodeData& data, std::int64_t began);

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct Stamp {
    std::uint64_t size = 0;
    std::int64_t mtime = 0;
    std::int64_t ctime = 0;
    std::int64_t began = 0;
  };
  struct Record {
    Key key;
    Stamp stamp;
    InodeData data;
    bool used = false;
  };

  [[nodiscard]] bool parse(std::string_view text);
  [[nodiscard]] std::string print() const;
  [[nodiscard]] Record* find_loaded(const Key& key);

  std::string path_;
  std::mutex mutex_;
  // Sorted by key.
  std::vector<Record> loaded_;
  std::map<Key, Record> added_;
};

// The clock that file systems take their times from, in nanoseconds.
[[nodiscard]] std::int64_t cache_clock();

}  // namespace strata::backend
