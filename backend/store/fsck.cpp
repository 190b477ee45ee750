// Re-hashes everything that the store holds and quarantines what is damaged.
#include <sys/stat.h>
#include <unistd.h>

#include "backend/store/process_start_json.h"
#include "backend/store/records.h"
#include "backend/store/store_files.h"
#include "backend/system/files.h"
#include "backend/tree/content.h"

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

// Whether the files below `directory` are those of the tree: types, link targets, bytes. (Owners
// and modes are read from the tree, never from the disk.)
bool root_matches(const Tree& tree, const std::string& directory) {
  const Result<std::shared_ptr<const Content>> content = directory_content(directory);
  if (!content) {
    return false;
  }
  for (const TreeEntry& entry : tree.entries) {
    const std::string path = entry.path.empty() ? directory : directory + "/" + entry.path;
    struct stat status {};
    // Hard links to a symlink or device have the type of what they link to.
    const TreeEntry* const target =
        entry.type == EntryType::Hardlink ? tree.find(entry.link) : &entry;
    if (target == nullptr || ::lstat(path.c_str(), &status) != 0 ||
        !has_type(status, target->type)) {
      return false;
    }
    if (target->type == EntryType::Symlink) {
      std::string link(target->link.size() + 1, '\0');
      const ssize_t size = ::readlink(path.c_str(), link.data(), link.size());
      if (size < 0 || link.substr(0, static_cast<std::size_t>(size)) != target->link) {
        return false;
      }
    }
    if (entry.type == EntryType::File) {
      const Result<Fd> fd = (*content)->open(entry.path);
      const Result<Digest> digest = fd ? hash_file(*fd, path) : Result<Digest>(fd.error());
      if (!digest || *digest != entry.sha256) {
        return false;
      }
    }
  }
  return true;
}

class Checker {
 public:
  Checker(const Store& store, const StoreFiles& files) : store_(&store), files_(&files) {}

  Result<std::vector<std::string>> run() {
    STRATA_TRY(each("blobs/sha256", [&](const std::string& path, const std::string& name) {
      const std::optional<Digest> digest = Digest::parse("sha256:" + name);
      return digest && hashes_to(path, *digest);
    }));
    STRATA_TRY(each("trees", [&](const std::string& path, const std::string& name) {
      const std::optional<Digest> digest = Digest::parse("sha256:" + name);
      const auto text = digest ? files_->checked_file(path, *digest) : std::nullopt;
      return text && parse_tree(*text).ok();
    }));
    STRATA_TRY(each("steps", [&](const std::string& path, const std::string& name) {
      if (name.size() != 64) {
        const std::optional<std::string> body = files_->record(path, Use::Ignored);
        return body && parse_results(*body).has_value();
      }
      const std::optional<Digest> digest = Digest::parse("sha256:" + name);
      return digest && files_->checked_file(path, *digest).has_value();
    }));
    for (const char* directory : {"refs", "keys", "resolved", "chains"}) {
      STRATA_TRY(each(directory, [&](const std::string& path, const std::string&) {
        return files_->record(path, Use::Ignored).has_value();
      }));
    }
    STRATA_TRY(each("failed", [&](const std::string& path, const std::string&) {
      const std::optional<std::string> body = files_->record(path, Use::Ignored);
      return body && parse_process_start(*body).has_value();
    }));
    STRATA_TRY(check_layers());
    STRATA_TRY(check_roots());
    return std::move(damaged_);
  }

 private:
  template <typename Check>
  Result<void> each(const std::string& directory, Check check) {
    STRATA_ASSIGN(const std::vector<std::string> names,
                  list_directory(files_->root + "/" + directory));
    for (const std::string& name : names) {
      const std::string path = files_->in(directory, name);
      if (!check(path, name)) {
        condemn(path);
      }
    }
    return {};
  }

  Result<void> check_layers() {
    STRATA_ASSIGN(const std::vector<std::string> trees, list_directory(files_->root + "/layers"));
    for (const std::string& tree : trees) {
      STRATA_TRY(each("layers/" + tree, [&](const std::string& path, const std::string&) {
        const std::optional<std::string> body = files_->record(path, Use::Ignored);
        return body && parse_layer(*body).has_value();
      }));
    }
    return {};
  }

  // Unfinished roots are not damaged: they do not count, and gc removes them.
  Result<void> check_roots() {
    STRATA_ASSIGN(const std::vector<std::string> names, list_directory(files_->root + "/roots"));
    for (const std::string& name : names) {
      const std::optional<Digest> digest = Digest::parse("sha256:" + name);
      const std::string path = files_->in("roots", name);
      if (!digest || !files_->record(path + ".ok", Use::Ignored)) {
        continue;
      }
      const auto tree = store_->tree(*digest);
      if (!tree || !*tree || !root_matches(***tree, path)) {
        // The marker first: without it the directory does not count.
        files_->quarantine(path + ".ok");
        condemn(path);
      }
    }
    return {};
  }

  [[nodiscard]] static bool hashes_to(const std::string& path, const Digest& digest) {
    const Result<Fd> fd = open_read(path);
    const Result<Digest> actual = fd ? hash_file(*fd, path) : Result<Digest>(fd.error());
    return actual && *actual == digest;
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
