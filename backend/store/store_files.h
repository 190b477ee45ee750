#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/store/names.h"
#include "backend/store/store.h"

namespace strata::backend {

// A file below the store's tmp/, to be written and published; removed when it was not.
struct TempFile {
  Fd fd;
  std::string path;
  TempFile() = default;
  TempFile(TempFile&&) noexcept = default;
  TempFile& operator=(TempFile&&) = delete;
  ~TempFile();
};

// What is there already under the final name of a file that is published.
enum class Existing { Keep, Replace };

// Whether reading a record counts as its use, for gc.
enum class Use { Noted, Ignored };

// The files of a store: names, temporary files, the publish order, checked records, quarantine,
// locks. The store's methods stand on this; thread-safe after open.
class StoreFiles {
 public:
  std::string root;      // the store, absolute
  std::string build_id;  // unique among processes and runs; must not reach an output
  int owner_pid = 0;     // who removes the scratch space: not a forked child
  Fd lease;
  Fd gc_lock;

  [[nodiscard]] std::string in(std::string_view directory, std::string_view name) const;
  [[nodiscard]] std::string scratch() const { return in("tmp", build_id); }
  // A name that is not in use in scratch().
  [[nodiscard]] std::string scratch_name(std::string_view purpose) const;

  // `what: reason`; a full disk says so, and what helps.
  [[nodiscard]] Error failure(std::string_view what, int error_number) const;

  [[nodiscard]] Result<TempFile> new_temp(std::string_view purpose) const;
  [[nodiscard]] Result<void> write(const Fd& fd, const void* data, std::size_t size) const;
  // The publish order: data synced, renamed to `target`, directory synced. False: `target` was
  // there and was kept.
  [[nodiscard]] Result<bool> publish(TempFile temp, const std::string& target,
                                     Existing existing) const;
  [[nodiscard]] Result<bool> publish_text(std::string_view text, const std::string& target,
                                          Existing existing) const;

  // A record is `sha256:<hex of the rest>`, line break, body, line break.
  [[nodiscard]] Result<void> put_record(const std::string& path, std::string_view body) const;
  // nullopt: not there, or damaged and now in quarantine/. An error: it is there and cannot be
  // read, which says nothing of what it holds. Counts as use: the file's mtime is renewed when it
  // is older than a day.
  [[nodiscard]] Result<std::optional<std::string>> read_record(const std::string& path,
                                                               Use use = Use::Noted) const;
  // The whole file if its SHA-256 is `digest`; else as read_record(), but does not count as use.
  [[nodiscard]] Result<std::optional<std::string>> read_checked(const std::string& path,
                                                                const Digest& digest) const;
  // The same two for who can do without: what cannot be read is a miss.
  [[nodiscard]] std::optional<std::string> record(const std::string& path,
                                                  Use use = Use::Noted) const;
  [[nodiscard]] std::optional<std::string> checked_file(const std::string& path,
                                                        const Digest& digest) const;

  void quarantine(const std::string& path) const;
  [[nodiscard]] std::uint64_t quarantined() const { return quarantined_; }

  // Holds locks/gc shared, in `gc_lock`.
  [[nodiscard]] Result<void> share();
  // A file of locks/, made if it is not there; what is no file there is moved away.
  [[nodiscard]] Result<Fd> open_lock(const std::string& path) const;
  // Store::lock's rules.
  [[nodiscard]] Result<Fd> lock(const std::string& name,
                                const std::function<void(int)>& on_wait) const;

  // The trees that were read, by digest: a build asks for the same ones often.
  [[nodiscard]] std::shared_ptr<const Tree> cached_tree(const Digest& digest) const;
  void cache_tree(const Digest& digest, std::shared_ptr<const Tree> tree) const;
  void forget_trees() const;

  // Roots that this process has put in their place but not committed.
  [[nodiscard]] std::shared_ptr<Store::StagedRoot::State> staged(const Digest& tree) const;
  void stage(const Digest& tree, const std::shared_ptr<Store::StagedRoot::State>& state) const;
  void unstage(const Digest& tree) const;
  // Roots that this process made or has compared with their markers.
  [[nodiscard]] bool is_checked(const Digest& tree) const;
  void note_checked(const Digest& tree) const;

 private:
  struct Opened {
    Fd fd;
    std::uint64_t size = 0;
  };
  // A regular file; nullopt: not there, or something else that is now in quarantine/.
  [[nodiscard]] Result<std::optional<Opened>> open_object(const std::string& path) const;

  mutable std::atomic<std::uint64_t> counter_{0};
  mutable std::atomic<std::uint64_t> quarantined_{0};
  mutable std::mutex trees_mutex_;
  mutable std::map<Digest, std::shared_ptr<const Tree>> trees_;
  mutable std::size_t cached_entries_ = 0;
  mutable std::mutex roots_mutex_;
  mutable std::map<Digest, std::weak_ptr<Store::StagedRoot::State>> staged_roots_;
  mutable std::set<Digest> checked_roots_;
};

struct Store::State : StoreFiles {};

// SHA-256 of what is left to read of a file.
[[nodiscard]] Result<Digest> hash_file(const Fd& fd, const std::string& path);

// Renews the modification time of an open file (its last use) unless it is younger than a day.
void touch_daily(const Fd& fd);

// The process number that a lock or lease file holds; 0 when it holds none.
[[nodiscard]] int holder_pid(const Fd& fd);

}  // namespace strata::backend
