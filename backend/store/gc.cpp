// Garbage collection: what is in the store is read once, then marked for one or more cutoffs, then
// swept; records go before what they name, so that a death in between leaves only garbage.
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <set>

#include "backend/store/inventory.h"
#include "backend/store/root_marker.h"
#include "backend/store/store_files.h"
#include "backend/system/file_lock.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {
namespace {

constexpr std::int64_t kDay = 86400;

// The pid of some other process whose scratch space this is, 0 when it is not known; nullopt when
// it is nobody's.
std::optional<int> holder_of(const StoreFiles& files, const std::string& name) {
  const Result<Fd> lease = is_build_id(name) && name != files.build_id
                               ? open_regular_file(files.in("tmp", name + "/lease"))
                               : Result<Fd>(Error{});
  if (!lease || ::flock(lease->get(), LOCK_SH | LOCK_NB) == 0) {
    return std::nullopt;
  }
  return holder_pid(*lease);
}

// Some process that has the store open.
Result<std::optional<int>> some_holder(const StoreFiles& files) {
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(files.root + "/tmp"));
  for (const std::string& name : names) {
    if (const std::optional<int> pid = holder_of(files, name)) {
      return pid;
    }
  }
  return std::optional<int>();
}

// Holds the store alone; shares it again at the end.
class Exclusive {
 public:
  explicit Exclusive(const StoreFiles& files) : files_(&files) {}
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;
  ~Exclusive() { (void)lock_file(files_->gc_lock, LOCK_SH, files_->root).ok(); }

  Result<void> acquire(const std::function<void(int)>& on_wait) {
    STRATA_TRY(lock_file(files_->gc_lock, LOCK_EX, files_->root, [&] {
      const Result<std::optional<int>> holder = some_holder(*files_);
      if (on_wait) {
        on_wait(holder ? holder->value_or(0) : 0);
      }
    }));
    // Should somebody have removed the file of this lock, others hold another.
    STRATA_ASSIGN(const std::optional<int> holder, some_holder(*files_));
    if (holder || !is_file_at(files_->gc_lock, files_->in("locks", "gc"))) {
      return Error{ErrorCode::Machine,
                   fmt::format("store `{}`: its `locks` were removed while it was in use{}; run it "
                               "again when nothing else uses the store",
                               files_->root,
                               holder ? fmt::format(" by process {}", *holder) : std::string())};
    }
    return {};
  }

 private:
  const StoreFiles* files_;
};

// Removes what no mark is on; the order of the calls is the order of removal.
class Sweeper {
 public:
  Sweeper(const StoreFiles& files, const Store::GcOptions& options)
      : files_(&files), options_(&options) {}

  // Error Interrupted at a wish to stop: between two objects all is as after a shorter collection.
  Result<void> remove(const std::string& path, std::uint64_t bytes) {
    STRATA_TRY(check_interrupted());
    report_.removed_objects += 1;
    report_.removed_bytes += bytes;
    if (options_->dry_run) {
      return {};
    }
    // By one rename out of sight: a directory that is half removed is never seen under its name.
    const std::string target = files_->scratch_name("garbage");
    if (::rename(path.c_str(), target.c_str()) != 0) {
      return errno == ENOENT ? Result<void>() : Result<void>(files_->failure(path, errno));
    }
    return remove_tree(target);
  }

  void keep(std::uint64_t bytes) { report_.kept_bytes += bytes; }
  // A barrier between what names and what is named.
  Result<void> sync(const char* directory) {
    return options_->dry_run ? Result<void>() : sync_directory(files_->root + "/" + directory);
  }
  [[nodiscard]] const Store::GcReport& report() const { return report_; }

 private:
  const StoreFiles* files_;
  const Store::GcOptions* options_;
  Store::GcReport report_;
};

Result<void> sweep_records(const Inventory& inventory, const Marks& marks, std::int64_t cutoff,
                           Sweeper& sweeper) {
  for (const Inventory::Record& record : inventory.records) {
    if (is_live(record, marks, cutoff)) {
      sweeper.keep(record.bytes);
    } else {
      for (const std::string& path : record.paths) {
        STRATA_TRY(sweeper.remove(path, 0));
      }
    }
  }
  for (const char* directory : {"steps", "keys", "resolved", "chains", "layers"}) {
    STRATA_TRY(sweeper.sync(directory));
  }
  return {};
}

Result<void> sweep_objects(const Inventory& inventory, const Marks& marks, Sweeper& sweeper) {
  for (const auto& [digest, root] : inventory.roots) {
    if (marks.roots.count(digest) != 0) {
      sweeper.keep(root.bytes);
      continue;
    }
    STRATA_TRY(sweeper.remove(root.path + std::string(kRootMarker), 0));
    STRATA_TRY(sweeper.remove(root.path, root.bytes));
  }
  for (const auto& [digest, tree] : inventory.trees) {
    if (marks.trees.count(digest) != 0) {
      sweeper.keep(tree.bytes);
    } else {
      STRATA_TRY(sweeper.remove(tree.path, tree.bytes));
    }
  }
  for (const auto& [digest, blob] : inventory.blobs) {
    if (marks.blobs.count(digest) != 0) {
      sweeper.keep(blob.bytes);
    } else {
      STRATA_TRY(sweeper.remove(blob.path, blob.bytes));
    }
  }
  return {};
}

// Locks that nobody holds: all but those of this very Store, for no other process has the store
// open. Who waits for one nevertheless looks again (StoreFiles::lock).
Result<void> sweep_locks(const StoreFiles& files) {
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(files.root + "/locks"));
  for (const std::string& name : names) {
    const std::string path = files.in("locks", name);
    const Result<Fd> fd =
        name != "gc" && is_encoded_name(name) ? open_regular_file(path) : Result<Fd>(Error{});
    if (fd && ::flock(fd->get(), LOCK_EX | LOCK_NB) == 0 && is_file_at(*fd, path) &&
        ::unlink(path.c_str()) != 0) {
      return files.failure(path, errno);
    }
  }
  return {};
}

// Downloads that stopped, what was quarantined, failed steps, notes of things that are gone. Other
// processes' scratch space was taken over when this store was opened.
Result<void> sweep_leftovers(const StoreFiles& files, const Inventory& inventory,
                             const Marks& marks, Sweeper& sweeper) {
  for (const Inventory::Object& leftover : inventory.leftovers) {
    STRATA_TRY(sweeper.remove(leftover.path, leftover.bytes));
  }
  STRATA_ASSIGN(const std::vector<std::string> notes, list_directory(files.root + "/verified"));
  for (const std::string& note : notes) {
    // Its name begins with the blob's digest.
    constexpr std::size_t kHexDigits = 64;
    if (is_verification_name(note) &&
        marks.blobs.count(*digest_of_name(note.substr(0, kHexDigits))) == 0) {
      STRATA_TRY(sweeper.remove(files.in("verified", note), 0));
    }
  }
  return {};
}

// The smallest cutoff at which what is live fits; beyond the youngest record when nothing but the
// references fits, or not even those.
std::int64_t cutoff_for(const Inventory& inventory, std::int64_t at_least,
                        std::uint64_t keep_bytes) {
  std::set<std::int64_t> times;
  for (const Inventory::Record& record : inventory.records) {
    times.insert(record.used + 1);
  }
  for (const auto& [digest, root] : inventory.roots) {
    times.insert(root.used + 1);
  }
  std::vector<std::int64_t> cutoffs{at_least};
  std::copy_if(times.begin(), times.end(), std::back_inserter(cutoffs),
               [&](std::int64_t time) { return time > at_least; });
  // More is live at an earlier cutoff, so the first that fits can be searched by halving.
  const auto found =
      std::partition_point(cutoffs.begin(), cutoffs.end() - 1, [&](std::int64_t cutoff) {
        return live_bytes(inventory, mark(inventory, cutoff), cutoff) > keep_bytes;
      });
  return *found;
}

}  // namespace

Result<Store::GcReport> Store::gc(const GcOptions& options) {
  Exclusive exclusive(*state_);
  STRATA_TRY(exclusive.acquire(options.on_wait));
  state_->forget_trees();
  STRATA_ASSIGN(const Inventory inventory, take_inventory(*this, *state_));
  std::int64_t cutoff = 0;
  if (options.keep_days) {
    cutoff = std::time(nullptr) - *options.keep_days * kDay;
  }
  if (options.keep_bytes) {
    cutoff = cutoff_for(inventory, cutoff, *options.keep_bytes);
  }
  const Marks marks = mark(inventory, cutoff);
  Sweeper sweeper(*state_, options);
  STRATA_TRY(sweep_records(inventory, marks, cutoff, sweeper));
  STRATA_TRY(sweep_objects(inventory, marks, sweeper));
  STRATA_TRY(sweep_leftovers(*state_, inventory, marks, sweeper));
  if (!options.dry_run) {
    STRATA_TRY(sweep_locks(*state_));
  }
  return sweeper.report();
}

}  // namespace strata::backend
