#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend {

// The mount points that a run needs and its root does not have. They are made in the mounted root
// and so land in the overlay's upper directory; as that was empty before, taking them out of it
// again is all it needs to undo them, symlinks that they replaced included.
//
// Nothing here leaves the root: every path is resolved inside it, descriptor by descriptor.
class Stubs {
 public:
  enum class Kind { Directory, File };
  // What to do with a symlink (or a file of another kind) at the very path: put the mount point in
  // its place, or mount where it leads. A FIFO or device gives way to a File in either case.
  enum class Final { Replace, Follow };

  // Both as they are before the run: `root` is mounted, `upper` is empty.
  static Result<Stubs> open(const std::string& root, const std::string& upper);

  // Makes `path` (absolute, in the root) fit to mount on; missing parents are made. Returns the
  // path without symlinks. Error Input: a parent is not a directory, or a symlink that leads
  // nowhere.
  [[nodiscard]] Result<std::string> ensure(const std::string& path, Kind kind, Final final);

  // Restores the times of what ensure() changed, and remembers how everything looks. Call it once,
  // after the last ensure() and before the run; closes the root.
  [[nodiscard]] Result<void> seal();

  // After the run, with the root unmounted: takes out of `upper` what ensure() put there, if it is
  // still ours and empty, and directories that were only copied up for it.
  [[nodiscard]] Result<void> remove(const std::string& upper) const;

 private:
  // How a file in the upper directory looked before the run.
  struct Snapshot {
    dev_t device = 0;
    ino_t inode = 0;
    mode_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    off_t size = 0;
    timespec mtime{};
    std::map<std::string, std::string> xattrs;
  };
  enum class Origin { Created, CopiedUp };
  struct Touched {
    Origin origin = Origin::CopiedUp;
    // Of a directory before it was first changed; not for created ones.
    timespec mtime{};
    Snapshot before;
  };

  Stubs() = default;
  Result<Fd> open_parent(const std::string& path, std::string& resolved);
  Result<void> touch(const std::string& directory, const Fd& fd);
  Result<void> create(const std::string& parent, const Fd& parent_fd, const std::string& name,
                      Kind kind);
  [[nodiscard]] Result<std::string> resolved_path(const Fd& fd) const;
  static Result<Snapshot> snapshot(const Fd& upper, const std::string& path);
  static bool unchanged(const Snapshot& before, const Snapshot& after, Origin origin);

  Fd root_;
  Fd upper_;
  std::string root_path_;
  // By path in the root, relative; "" is the root itself.
  std::map<std::string, Touched> touched_;
};

}  // namespace strata::backend
