// ContextWalk: one fstatat per file, and no file opened whose digest the cache still knows.
#include "backend/context/walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/system/parallel.h"
#include "backend/tree/read_file_data.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

// Permission or not: a context that cannot be read is an error of reading.
Error read_error(Error error) {
  error.code = ErrorCode::Io;
  return error;
}

std::string shown(const std::string& path) { return path.empty() ? "." : path; }

Error read_error(const std::string& path, int error_number) {
  return read_error(errno_error(shown(path), error_number));
}

Result<std::string> read_link(int directory, const char* name, const std::string& path) {
  std::string target(256, '\0');
  for (;;) {
    const ssize_t size = ::readlinkat(directory, name, target.data(), target.size());
    if (size < 0) {
      return read_error(path, errno);
    }
    if (static_cast<std::size_t>(size) < target.size()) {
      target.resize(static_cast<std::size_t>(size));
      return target;
    }
    target.resize(target.size() * 4);
  }
}

bool same_inode_state(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         nanoseconds(a.st_mtim) == nanoseconds(b.st_mtim) &&
         nanoseconds(a.st_ctim) == nanoseconds(b.st_ctim);
}

// What a source keeps of its attributes: a capability, but no `user.*`. Git carries none of those
// and browsers and desktops write them, so that one checkout would differ from the next.
Result<ir::Pairs> source_xattrs(int fd, const std::string& path) {
  STRATA_ASSIGN(ir::Pairs xattrs, kept_xattrs(fd, path));
  std::erase_if(xattrs, [](const auto& xattr) { return xattr.first.starts_with("user."); });
  return xattrs;
}

// `path` as seen from `top`, which it lies in.
std::string relative_to(const std::string& path, const std::string& top) {
  if (top.empty()) {
    return path;
  }
  return path.size() == top.size() ? std::string() : path.substr(top.size() + 1);
}

}  // namespace

Result<Tree> ContextWalk::directory(const std::string& path) {
  const bool ignored = !path.empty() && options_.ignore->ignored(path);
  if (ignored && !options_.ignore->may_reinclude_below(path)) {
    return Tree();
  }
  struct stat info {};
  const Fd fd = open_beneath(options_.root, path, O_PATH | O_DIRECTORY);
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return read_error(path, errno);
  }
  if (ignored) {
    withheld_.emplace("", Withheld{path, info});
  } else {
    STRATA_TRY(add(path, "", info, fd.get(), ""));
  }
  pending_.push_back({path, ignored});
  while (!pending_.empty()) {
    const Directory next = std::move(pending_.back());
    pending_.pop_back();
    STRATA_TRY(read_directory(next, path));
  }
  return finish();
}

Result<Tree> ContextWalk::file(const std::string& path, const std::string& name) {
  const Fd directory = open_beneath(options_.root, parent_of(path), O_PATH | O_DIRECTORY);
  struct stat info {};
  const std::string base(base_name(path));
  if (!directory.valid() ||
      ::fstatat(directory.get(), base.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return read_error(path, errno);
  }
  STRATA_TRY(add(path, name, info, directory.get(), base.c_str()));
  return finish();
}

Result<void> ContextWalk::read_directory(const Directory& directory, const std::string& top) {
  STRATA_TRY(check_interrupted());
  const Fd fd = open_beneath(options_.root, directory.path, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) {
    return read_error(directory.path, errno);
  }
  const Result<std::vector<std::string>> names = names_in(fd, shown(directory.path));
  if (!names) {
    return read_error(names.error());
  }
  for (const std::string& name : *names) {
    STRATA_TRY(add_child(fd.get(), directory, name.c_str(), top));
  }
  return {};
}

Result<void> ContextWalk::add_child(int directory, const Directory& parent, const char* name,
                                    const std::string& top) {
  std::string path = join_path(parent.path, name);
  const bool ignored = !options_.ignore->empty() && options_.ignore->ignored(path);
  if (ignored && !options_.ignore->may_reinclude_below(path)) {
    return {};
  }
  struct stat info {};
  if (::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return read_error(path, errno);
  }
  const std::string entry_path = relative_to(path, top);
  if (ignored) {
    if (S_ISDIR(info.st_mode)) {
      withheld_.emplace(entry_path, Withheld{path, info});
      pending_.push_back({std::move(path), true});
    }
    return {};
  }
  if (parent.withheld) {
    add_withheld_parents(entry_path);
  }
  STRATA_TRY(add(path, entry_path, info, directory, name));
  if (S_ISDIR(info.st_mode)) {
    pending_.push_back({std::move(path), false});
  }
  return {};
}

// Directories take no part in what may fail in add(), which is why this cannot.
void ContextWalk::add_withheld_parents(const std::string& entry_path) {
  std::string parent = entry_path;
  while (!parent.empty()) {
    parent.resize(parent_of(parent).size());
    const auto found = withheld_.find(parent);
    if (found == withheld_.end()) {
      return;
    }
    const Withheld held = std::move(found->second);
    withheld_.erase(found);
    const Result<void> added = add(held.path, parent, held.info, -1, "");
    STRATA_CHECK(added.ok(), "a directory's entry needs no reading");
  }
}

Result<void> ContextWalk::add(const std::string& path, const std::string& entry_path,
                              const struct stat& info, int directory, const char* name) {
  const std::optional<EntryType> type = type_of(info.st_mode);
  if (!type) {
    return {};
  }
  if (*type == EntryType::Char && info.st_rdev == 0) {
    return Error{ErrorCode::Input,
                 path + ": is a character device 0:0, which means a deletion to overlay roots"};
  }
  TreeEntry& entry = entries_.emplace_back();
  entry.path = entry_path;
  entry.type = *type;
  // A symlink's own mode has no meaning; Linux shows 0777 and other systems what they like.
  entry.mode = *type == EntryType::Symlink ? 0777 : info.st_mode & 07777;
  if (*type == EntryType::Symlink) {
    STRATA_ASSIGN(entry.link, read_link(directory, name, path));
    return {};
  }
  if (*type == EntryType::Char || *type == EntryType::Block) {
    entry.dev_major = major(info.st_rdev);
    entry.dev_minor = minor(info.st_rdev);
  }
  if (*type == EntryType::File) {
    entry.size = static_cast<std::uint64_t>(info.st_size);
  }
  if (*type == EntryType::File || *type == EntryType::Directory) {
    std::optional<InodeData> known =
        options_.cache != nullptr ? options_.cache->find(info) : std::nullopt;
    if (known) {
      entry.sha256 = known->sha256;
      entry.xattrs = std::move(known->xattrs);
    } else {
      unread_.push_back({entries_.size() - 1, path});
    }
  }
  return {};
}

Result<void> ContextWalk::read_unread() {
  // By path, so that of several unreadable files the same one is named each time.
  std::sort(unread_.begin(), unread_.end(),
            [](const Unread& a, const Unread& b) { return a.path < b.path; });
  return run_parallel(options_.jobs, unread_.size(), [this](std::size_t i) {
    return read_inode(entries_[unread_[i].index], unread_[i].path);
  });
}

Result<void> ContextWalk::read_inode(TreeEntry& entry, const std::string& path) {
  constexpr int kAttempts = 4;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::int64_t began = attempt == 0 ? began_ : cache_clock();
    const Fd fd = open_beneath(options_.root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat before {};
    struct stat after {};
    if (!fd.valid() || ::fstat(fd.get(), &before) != 0) {
      return read_error(path, errno);
    }
    if (type_of(before.st_mode) != entry.type) {
      break;
    }
    InodeData data;
    if (entry.type == EntryType::File) {
      STRATA_ASSIGN(const HashedFile hashed, hash_file(fd.get(), path));
      data.sha256 = hashed.sha256;
      entry.size = hashed.size;
    }
    STRATA_ASSIGN(data.xattrs, source_xattrs(fd.get(), path));
    if (::fstat(fd.get(), &after) != 0) {
      return read_error(path, errno);
    }
    if (same_inode_state(before, after) &&
        (entry.type != EntryType::File ||
         entry.size == static_cast<std::uint64_t>(after.st_size))) {
      entry.mode = after.st_mode & 07777;
      if (options_.cache != nullptr) {
        options_.cache->put(after, data, began);
      }
      entry.sha256 = data.sha256;
      entry.xattrs = std::move(data.xattrs);
      return {};
    }
  }
  return Error{ErrorCode::Io, path + ": changes while it is read"};
}

Result<Tree> ContextWalk::finish() {
  STRATA_TRY(read_unread());
  Tree tree;
  tree.entries = std::move(entries_);
  sort_tree(tree);
  return tree;
}

}  // namespace strata::backend
