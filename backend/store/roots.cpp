// Unpacked trees: a directory counts only with its marker, which is written after everything is
// synced, and for a process only as long as its files are as the marker notes them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "backend/store/root_marker.h"
#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

std::string root_path(const StoreFiles& files, const Digest& tree) {
  return files.in("roots", tree.hex());
}

std::string marker_of(const std::string& root) { return root + std::string(kRootMarker); }

std::string lock_name(const Digest& tree) { return "root/" + tree.hex(); }

// Everything below `directory` on disk. syncfs flushes other files too, but a sync for each of
// thousands of files takes longer.
Result<void> sync_all(const std::string& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::syncfs(fd.get()) != 0) {
    return errno_error(directory, errno);
  }
  return {};
}

// Moves a directory to `path`, which may hold what a crash left without a marker.
Result<void> move_in(const StoreFiles& files, const std::string& staged, const std::string& path) {
  if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
    return {};
  }
  if (errno != EEXIST && errno != ENOTEMPTY && errno != EINVAL) {
    return files.failure(path, errno);
  }
  const std::string remains = files.scratch_name("unfinished");
  if (::rename(path.c_str(), remains.c_str()) == 0) {
    (void)remove_tree(remains).ok();
  }
  if (::rename(staged.c_str(), path.c_str()) != 0) {
    return files.failure(path, errno);
  }
  return {};
}

}  // namespace

// What one directory that is staged stands for, until it is committed or nobody wants it any more.
class Store::StagedRoot::State {
 public:
  State(const StoreFiles& files, const Digest& tree, Fd lock)
      : files_(&files), tree_(tree), lock_(std::move(lock)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (lock_.valid()) {
      files_->unstage(tree_);
      // Processes may run on it still, so it stays until this one ends; but out of the way of who
      // takes the name next.
      const std::string path = root_path(*files_, tree_);
      (void)std::rename(path.c_str(), files_->scratch_name("uncommitted").c_str());
    }
  }

  Result<void> commit() {
    const std::lock_guard guard(mutex_);
    if (!lock_.valid()) {
      return {};
    }
    const std::string path = root_path(*files_, tree_);
    // The files, their new name, then what says that both are there.
    STRATA_TRY(sync_all(path));
    STRATA_ASSIGN(const RootMarker marker, look_at_root(path));
    STRATA_TRY(files_->put_record(marker_of(path), print_root_marker(marker)));
    files_->note_checked(tree_);
    files_->unstage(tree_);
    lock_.reset();
    return {};
  }

 private:
  const StoreFiles* files_;
  Digest tree_;
  std::mutex mutex_;
  Fd lock_;  // of its name; not valid once it is committed
};

Result<void> Store::StagedRoot::commit() { return state_ ? state_->commit() : Result<void>(); }

std::optional<std::string> Store::root(const Digest& tree) const {
  std::string path = root_path(*state_, tree);
  if (state_->staged(tree) != nullptr) {
    return path;
  }
  const std::optional<std::string> body = state_->record(marker_of(path));
  if (!body || !parse_root_marker(*body) || !exists(path)) {
    return std::nullopt;
  }
  return path;
}

Result<std::optional<std::string>> Store::checked_root(const Digest& tree) {
  using Found = std::optional<std::string>;
  std::string path = root_path(*state_, tree);
  if (!root(tree) || state_->staged(tree) != nullptr || state_->is_checked(tree)) {
    return root(tree);
  }
  // Nobody else takes it away or puts one in its place meanwhile.
  STRATA_ASSIGN(const Fd guard, state_->lock(lock_name(tree), {}));
  const std::optional<std::string> body = state_->record(marker_of(path));
  const std::optional<RootMarker> noted = body ? parse_root_marker(*body) : std::nullopt;
  if (!noted) {
    return Found();
  }
  const Result<RootMarker> now = look_at_root(path);
  if (now && *now == *noted) {
    state_->note_checked(tree);
    return Found(std::move(path));
  }
  if (!now && now.error().code == ErrorCode::Interrupted) {
    return now.error();
  }
  // The marker first: without it the directory does not count.
  state_->quarantine(marker_of(path));
  state_->quarantine(path);
  return Found();
}

Result<std::string> Store::put_root(const Digest& tree, const std::string& staged) {
  STRATA_ASSIGN(StagedRoot root, stage_root(tree, staged));
  STRATA_TRY(root.commit());
  return root_path(*state_, tree);
}

Result<Store::StagedRoot> Store::stage_root(const Digest& tree, const std::string& staged) {
  // Without the lock first: a root of this process that is staged holds it.
  if (std::shared_ptr<StagedRoot::State> other = state_->staged(tree); other || root(tree)) {
    STRATA_TRY(remove_tree(staged));
    return StagedRoot(std::move(other));
  }
  STRATA_ASSIGN(Fd guard, state_->lock(lock_name(tree), {}));
  if (root(tree)) {
    STRATA_TRY(remove_tree(staged));
    return StagedRoot();
  }
  STRATA_TRY(move_in(*state_, staged, root_path(*state_, tree)));
  auto state = std::make_shared<StagedRoot::State>(*state_, tree, std::move(guard));
  state_->stage(tree, state);
  return StagedRoot(std::move(state));
}

}  // namespace strata::backend
