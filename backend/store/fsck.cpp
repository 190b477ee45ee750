// Re-hashes everything that the store holds and quarantines what is damaged.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "backend/store/layout_files.h"
#include "backend/store/process_start_json.h"
#include "backend/store/records.h"
#include "backend/store/root_marker.h"
#include "backend/store/store_files.h"
#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/tree/content.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

bool has_type(const struct stat& status, EntryType type) {
  switch (type) {
    case EntryType::Directory:
      return S_ISDIR(status.st_mode);
    case EntryType::File:
    case EntryType::Hardlink:
      return S_ISREG(status.st_mode);
    case EntryType::Symlink:
      return S_ISLNK(status.st_mode);
    case EntryType::Char:
      return S_ISCHR(status.st_mode);
    case EntryType::Block:
      return S_ISBLK(status.st_mode);
    case EntryType::Fifo:
      return S_ISFIFO(status.st_mode);
    case EntryType::Whiteout:
      return S_ISCHR(status.st_mode) && status.st_rdev == 0;
  }
  return false;
}

// The files of an unpacked root, each found from its directory: paths may be longer than PATH_MAX.
class RootCheck {
 public:
  explicit RootCheck(const std::string& directory)
      : root_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {}

  // Whether they are those of the tree: types, link targets, bytes. (Whether anything else was
  // changed is known from the marker.)
  bool matches(const Tree& tree, const Content& content) {
    return std::all_of(tree.entries.begin(), tree.entries.end(), [&](const TreeEntry& entry) {
      return entry.path.empty() ? root_.valid() : is_right(tree, entry, content);
    });
  }

 private:
  bool is_right(const Tree& tree, const TreeEntry& entry, const Content& content) {
    // Hard links to a symlink or device have the type of what they link to.
    const TreeEntry* const target =
        entry.type == EntryType::Hardlink ? tree.find(entry.link) : &entry;
    const std::string directory(parent_of(entry.path));
    if (directory != at_ || !parent_.valid()) {
      parent_ = open_beneath(root_.get(), directory, O_PATH | O_DIRECTORY);
      at_ = directory;
    }
    const std::string name(base_name(entry.path));
    struct stat status {};
    if (target == nullptr || !parent_.valid() ||
        ::fstatat(parent_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !has_type(status, target->type)) {
      return false;
    }
    if (target->type == EntryType::Symlink) {
      std::string link(target->link.size() + 1, '\0');
      const ssize_t size = ::readlinkat(parent_.get(), name.c_str(), link.data(), link.size());
      return size >= 0 && link.substr(0, static_cast<std::size_t>(size)) == target->link;
    }
    if (entry.type != EntryType::File) {
      return true;
    }
    const Result<Fd> fd = content.open(entry.path);
    const Result<Digest> digest = fd ? hash_file(*fd, entry.path) : Result<Digest>(fd.error());
    return digest && *digest == entry.sha256;
  }

  Fd root_;
  std::string at_;
  Fd parent_;
};

class Checker {
 public:
  Checker(const Store& store, const StoreFiles& files) : store_(&store), files_(&files) {}

  Result<std::vector<std::string>> run() {
    STRATA_TRY(check_objects());
    STRATA_TRY(check_records());
    STRATA_TRY(check_layers());
    STRATA_TRY(check_roots());
    STRATA_TRY(check_notes());
    // Last: the index lists what is whole.
    STRATA_ASSIGN(const std::vector<std::string> restored, check_layout_files(*store_, *files_));
    damaged_.insert(damaged_.end(), restored.begin(), restored.end());
    return std::move(damaged_);
  }

 private:
  // Condemns the entries with a name that `is_ours` and a content that is not `is_sound`.
  template <typename IsOurs, typename IsSound>
  Result<void> each(const std::string& directory, IsOurs is_ours, IsSound is_sound) {
    STRATA_ASSIGN(const std::vector<std::string> names,
                  list_directory(files_->root + "/" + directory));
    for (const std::string& name : names) {
      const std::string path = files_->in(directory, name);
      const bool is_damaged = is_ours(name) && !is_sound(path, name);
      // What was not read to its end is not known to be damaged.
      STRATA_TRY(check_interrupted());
      if (is_damaged) {
        condemn(path);
      }
    }
    return {};
  }

  static bool is_digest(const std::string& name) { return digest_of_name(name).has_value(); }

  Result<void> check_objects() {
    STRATA_TRY(
        each("blobs/sha256", is_digest, [](const std::string& path, const std::string& name) {
          return hashes_to(path, *digest_of_name(name));
        }));
    STRATA_TRY(each("trees", is_digest, [&](const std::string& path, const std::string& name) {
      const auto text = files_->checked_file(path, *digest_of_name(name));
      return text && parse_tree(*text).ok();
    }));
    const auto is_step = [&](const std::string& name) {
      const std::size_t digits = std::min(name.find('.'), name.size());
      const std::string suffix = name.substr(digits);
      return is_digest(name.substr(0, digits)) &&
             (suffix.empty() || suffix == kResultsSuffix || suffix == kStartSuffix);
    };
    return each("steps", is_step, [&](const std::string& path, const std::string& name) {
      if (const std::optional<Digest> digest = digest_of_name(name)) {
        return files_->checked_file(path, *digest).has_value();
      }
      const std::optional<std::string> body = body_of(path);
      return body && (name.ends_with(kStartSuffix) ? parse_process_start(*body).has_value()
                                                   : parse_results(*body).has_value());
    });
  }

  Result<void> check_records() {
    for (const char* directory : {"refs", "keys"}) {
      STRATA_TRY(each(directory, is_encoded_name, [&](const std::string& path, const std::string&) {
        const std::optional<std::string> body = body_of(path);
        return body && parse_ref(*body).has_value();
      }));
    }
    STRATA_TRY(each("resolved", is_encoded_name, [&](const std::string& path, const std::string&) {
      const std::optional<std::string> body = body_of(path);
      return body && parse_resolved(*body).has_value();
    }));
    STRATA_TRY(each("chains", is_digest, [&](const std::string& path, const std::string&) {
      const std::optional<std::string> body = body_of(path);
      return body && parse_digest(*body).has_value();
    }));
    return each("failed", is_digest, [&](const std::string& path, const std::string&) {
      const std::optional<std::string> body = body_of(path);
      return body && parse_process_start(*body).has_value();
    });
  }

  Result<void> check_layers() {
    STRATA_TRY(each("layers", is_digest, [](const std::string& path, const std::string&) {
      struct stat status {};
      return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }));
    STRATA_ASSIGN(const std::vector<std::string> trees, list_directory(files_->root + "/layers"));
    for (const std::string& tree : trees) {
      if (is_digest(tree)) {
        STRATA_TRY(each("layers/" + tree, is_encoded_name,
                        [&](const std::string& path, const std::string&) {
                          const std::optional<std::string> body = body_of(path);
                          return body && parse_layer(*body).has_value();
                        }));
      }
    }
    return {};
  }

  // Unfinished roots are not damaged: they do not count, and gc removes them.
  Result<void> check_roots() {
    const auto root_of = [](const std::string& name) {
      return name.substr(0, name.size() - std::min(name.size(), kRootMarker.size()));
    };
    const auto is_marker = [&](const std::string& name) {
      return name.ends_with(kRootMarker) && is_digest(root_of(name));
    };
    STRATA_TRY(each("roots", is_marker, [&](const std::string& path, const std::string& name) {
      const std::optional<std::string> body = body_of(path);
      const std::optional<RootMarker> noted = body ? parse_root_marker(*body) : std::nullopt;
      return noted && is_sound_root(*digest_of_name(root_of(name)), root_of(path), *noted);
    }));
    return {};
  }

  // Without its tree a root can only be compared with what was noted of it.
  bool is_sound_root(const Digest& digest, const std::string& path, const RootMarker& noted) {
    const Result<RootMarker> now = look_at_root(path);
    bool is_sound = now && *now == noted;
    const auto tree = store_->tree(digest);
    if (is_sound && tree && *tree) {
      const Result<std::shared_ptr<const Content>> content = directory_content(path);
      is_sound = content && RootCheck(path).matches(***tree, **content);
    }
    if (!is_sound && !interrupted() && exists(path)) {
      condemn(path);
    }
    return is_sound;
  }

  // Of verification: a damaged one only costs time.
  Result<void> check_notes() {
    return each("verified", is_verification_name, [](const std::string& path, const std::string&) {
      const Result<Fd> fd = open_regular_file(path);
      const Result<std::string> text = fd ? read_all(*fd, path) : Result<std::string>(fd.error());
      return text && std::count(text->begin(), text->end(), ' ') == 2 && text->ends_with('\n') &&
             text->find_first_not_of("0123456789- ") == text->size() - 1;
    });
  }

  [[nodiscard]] static bool hashes_to(const std::string& path, const Digest& digest) {
    const Result<Fd> fd = open_regular_file(path);
    const Result<Digest> actual = fd ? hash_file(*fd, path) : Result<Digest>(fd.error());
    return actual && *actual == digest;
  }

  [[nodiscard]] std::optional<std::string> body_of(const std::string& path) const {
    return files_->record(path, Use::Ignored);
  }

  void condemn(const std::string& path) {
    files_->quarantine(path);
    damaged_.push_back(path.substr(files_->root.size() + 1));
  }

  const Store* store_;
  const StoreFiles* files_;
  std::vector<std::string> damaged_;
};

}  // namespace

Result<std::vector<std::string>> Store::fsck() {
  // What was read before may be damaged by now.
  state_->forget_trees();
  return Checker(*this, *state_).run();
}

}  // namespace strata::backend
