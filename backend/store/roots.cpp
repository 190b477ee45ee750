// Unpacked trees: a directory counts only with its marker, which is written after everything is
// synced.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

std::string marker_of(const std::string& root) { return root + ".ok"; }

// What a root takes on disk, for gc: the sizes of its files. A tree that is not in the store says
// nothing.
std::uint64_t tree_bytes(const Store& store, const Digest& digest) {
  const auto tree = store.tree(digest);
  std::uint64_t bytes = 0;
  if (tree && *tree) {
    for (const TreeEntry& entry : (**tree)->entries) {
      bytes += entry.size;
    }
  }
  return bytes;
}

// Everything below `directory` on disk. syncfs flushes other files too, but a sync for each of
// thousands of files takes longer.
Result<void> sync_all(const std::string& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::syncfs(fd.get()) != 0) {
    return errno_error(directory, errno);
  }
  return {};
}

}  // namespace

std::optional<std::string> Store::root(const Digest& tree) const {
  std::string path = state_->in("roots", tree.hex());
  if (!state_->is_staged(tree) && (!state_->record(marker_of(path)) || !exists(path))) {
    return std::nullopt;
  }
  return path;
}

void Store::set_aside_root(const Digest& tree) {
  const std::string path = state_->in("roots", tree.hex());
  // The marker first: without it the directory does not count.
  state_->quarantine(marker_of(path));
  state_->quarantine(path);
}

Result<std::string> Store::put_root(const Digest& tree, const std::string& staged) {
  STRATA_ASSIGN(std::string path, stage_root(tree, staged));
  STRATA_TRY(commit_root(tree));
  return path;
}

Result<std::string> Store::stage_root(const Digest& tree, const std::string& staged) {
  std::string path = state_->in("roots", tree.hex());
  if (root(tree)) {
    STRATA_TRY(remove_tree(staged));
    return path;
  }
  STRATA_ASSIGN(Fd guard, state_->lock("root/" + tree.hex(), {}));
  if (root(tree)) {
    STRATA_TRY(remove_tree(staged));
    return path;
  }
  if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno != EEXIST && errno != ENOTEMPTY && errno != EINVAL) {
      return state_->failure(path, errno);
    }
    // Without its marker it is what a crash left between the two.
    const std::string remains = state_->scratch_name("unfinished");
    if (::rename(path.c_str(), remains.c_str()) == 0) {
      (void)remove_tree(remains).ok();
    }
    if (::rename(staged.c_str(), path.c_str()) != 0) {
      return state_->failure(path, errno);
    }
  }
  state_->stage(tree, std::move(guard));
  return path;
}

Result<void> Store::commit_root(const Digest& tree) {
  if (!state_->is_staged(tree)) {
    return {};
  }
  const std::string path = state_->in("roots", tree.hex());
  // The files, their new name, then what says that both are there.
  STRATA_TRY(sync_all(path));
  STRATA_TRY(state_->put_record(marker_of(path), fmt::format("{}", tree_bytes(*this, tree))));
  state_->unstage(tree);
  return {};
}

}  // namespace strata::backend
