// Output of the flattened root as files below a directory.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "backend/oci/export_parts.h"
#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/tree/scan.h"
#include "ir/base/path.h"

namespace strata::backend::oci {
namespace {

// A name beside `dest`, in its file system.
Result<std::string> stage_beside(const std::string& dest) {
  std::string staged = dest;
  while (staged.size() > 1 && staged.back() == '/') {
    staged.pop_back();
  }
  const auto slash = staged.rfind('/');
  if (slash != std::string::npos && slash > 0) {
    STRATA_TRY(make_directories(staged.substr(0, slash)));
  }
  // `.` and `..` have no name to put something beside.
  const std::string last = slash == std::string::npos ? staged : staged.substr(slash + 1);
  staged += last == "." || last == ".." || last.empty() ? "/.strata-XXXXXX" : ".strata-XXXXXX";
  if (::mkdtemp(staged.data()) == nullptr) {
    return errno_error(dest, errno);
  }
  return staged;
}

// A directory as the tree has it; owners only where this process may set them.
Result<void> apply_attributes(const Fd& fd, const TreeEntry& entry) {
  const struct timespec time { entry.mtime, 0 };
  const std::array<struct timespec, 2> times{time, time};
  if ((::fchown(fd.get(), entry.uid, entry.gid) != 0 && ::geteuid() == 0) ||
      ::fchmod(fd.get(), entry.mode) != 0 || ::futimens(fd.get(), times.data()) != 0) {
    return errno_error(entry.path, errno);
  }
  return {};
}

// Moves the staged files into a directory that holds others: directories are shared, files
// replaced, and what the image does not have is left. No symlink in it is followed.
class Merger {
 public:
  Merger(const Fd& from, const Fd& to) : from_(&from), to_(&to) {}

  Result<void> merge(const Tree& tree) {
    for (const TreeEntry& entry : tree.entries) {
      if (entry.path.empty()) {
        continue;
      }
      STRATA_TRY(entry.type == EntryType::Directory ? make(entry) : move(entry));
    }
    // Children first, so that their arrival does not change the times.
    for (auto entry = tree.entries.rbegin(); entry != tree.entries.rend(); ++entry) {
      if (entry->type != EntryType::Directory || entry->path.empty()) {
        continue;
      }
      const Fd fd = open_beneath(to_->get(), entry->path, O_RDONLY | O_DIRECTORY);
      if (!fd.valid()) {
        return errno_error(entry->path, errno);
      }
      STRATA_TRY(apply_attributes(fd, *entry));
    }
    return {};
  }

 private:
  Result<void> make(const TreeEntry& entry) {
    const std::string_view directory = parent_of(entry.path);
    const std::string name(base_name(entry.path));
    const Fd parent = open_beneath(to_->get(), directory, O_RDONLY | O_DIRECTORY);
    if (!parent.valid() || (::mkdirat(parent.get(), name.c_str(), 0700) != 0 && errno != EEXIST)) {
      return errno_error(entry.path, errno);
    }
    return {};
  }

  Result<void> move(const TreeEntry& entry) {
    const std::string_view directory = parent_of(entry.path);
    const std::string name(base_name(entry.path));
    const Fd source = open_beneath(from_->get(), directory, O_RDONLY | O_DIRECTORY);
    const Fd target = open_beneath(to_->get(), directory, O_RDONLY | O_DIRECTORY);
    if (!source.valid() || !target.valid() ||
        ::renameat(source.get(), name.c_str(), target.get(), name.c_str()) != 0) {
      return errno_error(entry.path, errno);
    }
    return {};
  }

  const Fd* from_;
  const Fd* to_;
};

Result<void> merge_into(const Tree& tree, const std::string& staged, const std::string& dest) {
  const Fd from(::open(staged.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd to(::open(dest.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from.valid() || !to.valid()) {
    return errno_error(dest, errno);
  }
  return Merger(from, to).merge(tree);
}

}  // namespace

Result<void> export_local(Store& store, const ExportRequest& request) {
  STRATA_ASSIGN(const TreeWithContent root, flatten(store, request.manifest));
  STRATA_ASSIGN(const std::string staged, stage_beside(request.dest));
  Result<void> done = materialize(*root.tree, *root.content, staged);
  if (done) {
    // mkdtemp's 0700 is not meant for others to find.
    const bool has_top = root.tree->find("") != nullptr;
    if (!has_top && ::chmod(staged.c_str(), 0755) != 0) {
      done = errno_error(staged, errno);
    }
  }
  // An absent or empty destination becomes the staged directory in one step.
  if (done && ::rename(staged.c_str(), request.dest.c_str()) == 0) {
    return {};
  }
  if (done && exists(request.dest)) {
    done = merge_into(*root.tree, staged, request.dest);
  } else if (done) {
    done = errno_error(request.dest, errno);
  }
  (void)remove_tree(staged).ok();
  return done;
}

}  // namespace strata::backend::oci
