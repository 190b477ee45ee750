// scan_upper: what an overlay's upper directory changes, as a diff tree in one canonical form.
#include "backend/tree/scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/system/parallel.h"
#include "backend/tree/read_file_data.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

// Whether the directory hides what is below it. (`x` in that attribute means something else.)
bool is_opaque(int fd) {
  constexpr std::array<const char*, 2> kNames{"trusted.overlay.opaque", "user.overlay.opaque"};
  return std::any_of(kNames.begin(), kNames.end(), [fd](const char* name) {
    std::array<char, 4> value{};
    return ::fgetxattr(fd, name, value.data(), value.size()) == 1 && value[0] == 'y';
  });
}

class UpperScan {
 public:
  UpperScan(const std::string& directory, const RootView& below, const ScanOptions& options)
      : directory_(&directory), below_(&below), options_(&options) {}

  Result<Tree> run() {
    root_ = Fd(::open(directory_->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat info {};
    if (!root_.valid() || ::fstat(root_.get(), &info) != 0) {
      return errno_error(*directory_, errno);
    }
    STRATA_TRY(add("", info, root_.get(), "."));
    pending_.push_back({"", false});
    while (!pending_.empty()) {
      const Directory next = std::move(pending_.back());
      pending_.pop_back();
      STRATA_TRY(read_directory(next));
    }
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.entry.path < b.entry.path; });
    join_hard_links();
    STRATA_TRY(hash_files());
    return finish();
  }

 private:
  struct Found {
    TreeEntry entry;
    dev_t device = 0;
    ino_t inode = 0;
    bool has_links = false;
  };
  struct Directory {
    std::string path;
    // Nothing of below shows through it, because it or one above it is opaque.
    bool opaque = false;
  };

  [[nodiscard]] Error error(const std::string& path, int error_number) const {
    return errno_error(*directory_ + "/" + path, error_number);
  }

  Result<void> read_directory(const Directory& directory) {
    STRATA_TRY(check_interrupted());
    const Fd fd = open_beneath(root_.get(), directory.path, O_RDONLY | O_DIRECTORY);
    if (!fd.valid()) {
      return error(directory.path, errno);
    }
    const bool opaque = directory.opaque || is_opaque(fd.get());
    STRATA_ASSIGN(const std::vector<std::string> names,
                  names_in(fd, *directory_ + "/" + directory.path));
    for (const std::string& name : names) {
      STRATA_TRY(add_child(fd.get(), directory.path, name, opaque));
    }
    if (opaque) {
      add_hidden(directory.path, {names.begin(), names.end()});
    }
    return {};
  }

  // Names of below that an opaque directory hides and does not hold itself.
  void add_hidden(const std::string& directory, const std::unordered_set<std::string>& names) {
    for (const std::string& name : below_->list(directory)) {
      if (names.count(name) == 0) {
        found_.push_back({whiteout(join_path(directory, name))});
      }
    }
  }

  static TreeEntry whiteout(std::string path) {
    TreeEntry entry;
    entry.path = std::move(path);
    entry.type = EntryType::Whiteout;
    return entry;
  }

  Result<void> add_child(int directory, const std::string& parent, const std::string& name,
                         bool opaque) {
    std::string path = join_path(parent, name);
    if (name.substr(0, 4) == ".wh.") {
      return Error{ErrorCode::Input,
                   path + ": a name that begins with `.wh.` is a deletion in an image layer"};
    }
    if (path.size() > kMaxPath) {
      return Error{ErrorCode::Input,
                   path + ": the path is longer than " + std::to_string(kMaxPath) + " bytes"};
    }
    struct stat info {};
    if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return error(path, errno);
    }
    STRATA_TRY(add(path, info, directory, name));
    if (S_ISDIR(info.st_mode)) {
      pending_.push_back({std::move(path), opaque});
    }
    return {};
  }

  Result<void> add(const std::string& path, const struct stat& info, int directory,
                   const std::string& name) {
    if (S_ISCHR(info.st_mode) && info.st_rdev == 0) {
      if (below_->find(path)) {
        found_.push_back({whiteout(path)});
      }
      return {};
    }
    const std::optional<EntryType> type = type_of(info.st_mode);
    if (!type) {
      return {};
    }
    Found& found = found_.emplace_back();
    found.device = info.st_dev;
    found.inode = info.st_ino;
    found.has_links = *type == EntryType::File && info.st_nlink > 1;
    TreeEntry& entry = found.entry;
    entry.path = path;
    entry.type = *type;
    entry.mode = *type == EntryType::Symlink ? 0777 : info.st_mode & 07777;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    STRATA_ASSIGN(entry.mtime, clamp_time(path, info, directory, name));
    if (*type == EntryType::Char || *type == EntryType::Block) {
      entry.dev_major = major(info.st_rdev);
      entry.dev_minor = minor(info.st_rdev);
    }
    if (*type == EntryType::Symlink) {
      std::string target(static_cast<std::size_t>(info.st_size) + 1, '\0');
      const ssize_t size = ::readlinkat(directory, name.c_str(), target.data(), target.size());
      if (size < 0) {
        return error(path, errno);
      }
      target.resize(static_cast<std::size_t>(size));
      entry.link = std::move(target);
    }
    return {};
  }

  // Whole seconds and nothing after the epoch, on disk as in the tree: the next step must see what
  // it would see of a pulled layer.
  Result<std::int64_t> clamp_time(const std::string& path, const struct stat& info, int directory,
                                  const std::string& name) const {
    const std::int64_t seconds = std::min<std::int64_t>(info.st_mtim.tv_sec, options_->epoch);
    if (seconds != info.st_mtim.tv_sec || info.st_mtim.tv_nsec != 0) {
      const timespec times[2] = {{0, UTIME_OMIT}, {seconds, 0}};
      if (::utimensat(directory, name.c_str(), static_cast<const timespec*>(times),
                      AT_SYMLINK_NOFOLLOW) != 0) {
        return error(path, errno);
      }
    }
    return seconds;
  }

  // The smallest path of an inode is its file, the others link to it. (found_ is sorted.)
  void join_hard_links() {
    std::map<std::pair<dev_t, ino_t>, const std::string*> first;
    for (Found& found : found_) {
      if (!found.has_links) {
        continue;
      }
      const auto [at, is_first] =
          first.emplace(std::make_pair(found.device, found.inode), &found.entry.path);
      if (!is_first) {
        make_hard_link(found.entry, *at->second);
      }
    }
  }

  // Contents of files; xattrs of files and directories.
  Result<void> hash_files() {
    return run_parallel(options_->jobs, found_.size(), [this](std::size_t i) -> Result<void> {
      TreeEntry& entry = found_[i].entry;
      if (entry.type != EntryType::File && entry.type != EntryType::Directory) {
        return {};
      }
      const Fd fd = open_beneath(root_.get(), entry.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
      if (!fd.valid()) {
        return error(entry.path, errno);
      }
      STRATA_ASSIGN(entry.xattrs, kept_xattrs(fd.get(), entry.path));
      if (entry.type == EntryType::File) {
        STRATA_ASSIGN(const HashedFile hashed, hash_file(fd.get(), entry.path));
        entry.sha256 = hashed.sha256;
        entry.size = hashed.size;
      }
      return {};
    });
  }

  // Whether a directory that holds nothing says nothing new either.
  [[nodiscard]] bool is_unchanged(const TreeEntry& entry) const {
    const std::optional<RootView::Found> found = below_->find(entry.path);
    if (!entry.path.empty()) {
      return found && *found->entry == entry;
    }
    // The root's mtime changes with every name in it; without an entry below it is 0755 0:0.
    TreeEntry root = entry;
    root.mode = found ? found->entry->mode : 0755;
    root.uid = found ? found->entry->uid : 0;
    root.gid = found ? found->entry->gid : 0;
    root.xattrs = found ? found->entry->xattrs : ir::Pairs();
    return root == entry;
  }

  // Drops directories without news, children before parents.
  Tree finish() {
    std::vector<bool> kept(found_.size(), true);
    std::unordered_set<std::string_view> filled;
    for (std::size_t i = found_.size(); i > 0; --i) {
      const TreeEntry& entry = found_[i - 1].entry;
      const bool may_drop = entry.type == EntryType::Directory &&
                            (entry.path.empty() || filled.count(entry.path) == 0);
      if (may_drop && is_unchanged(entry)) {
        kept[i - 1] = false;
      } else {
        filled.insert(parent_of(entry.path));
      }
    }
    Tree tree;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (kept[i]) {
        tree.entries.push_back(std::move(found_[i].entry));
      }
    }
    sort_tree(tree);
    return tree;
  }

  const std::string* directory_;
  const RootView* below_;
  const ScanOptions* options_;
  Fd root_;
  std::vector<Directory> pending_;
  std::vector<Found> found_;
};

}  // namespace

Result<Tree> scan_upper(const std::string& directory, const RootView& below,
                        const ScanOptions& options) {
  return UpperScan(directory, below, options).run();
}

}  // namespace strata::backend
