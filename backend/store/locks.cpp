// Locks between processes: flock on files of locks/, freed by the kernel however a holder dies.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "backend/store/store_files.h"
#include "backend/system/file_lock.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

// For people and messages only; the flock is the lock. A full disk must not stop it.
void note_holder(const Fd& fd) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) == 0) {
    (void)!::pwrite(fd.get(), pid.data(), pid.size(), 0);
  }
}

}  // namespace

int holder_pid(const Fd& fd) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(fd.get(), text.data(), text.size(), 0);
  int pid = 0;
  if (size > 0) {
    (void)std::from_chars(text.data(), text.data() + size, pid);
  }
  return pid;
}

Result<Fd> StoreFiles::open_lock(const std::string& path) const {
  const auto open = [&] {
    return Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  };
  // It is written to: a second name of it may be a file of the user's.
  const auto is_ours = [](const Fd& fd) {
    struct stat status {};
    return ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
  };
  Fd fd = open();
  if (fd.valid() ? !is_ours(fd) : errno == ELOOP || errno == EISDIR || errno == ENXIO) {
    quarantine(path);
    fd = open();
  }
  if (!fd.valid()) {
    return failure(path, errno);
  }
  return fd;
}

Result<void> StoreFiles::share() {
  const std::string path = in("locks", "gc");
  do {
    STRATA_ASSIGN(gc_lock, open_lock(path));
    STRATA_TRY(lock_file(gc_lock, LOCK_SH, path));
  } while (!is_file_at(gc_lock, path));
  return {};
}

Result<Fd> StoreFiles::lock(const std::string& name,
                            const std::function<void(int)>& on_wait) const {
  const std::string path = in("locks", encode_name(name));
  for (;;) {
    STRATA_ASSIGN(Fd fd, open_lock(path));
    STRATA_TRY(lock_file(fd, LOCK_EX, path, [&] {
      if (on_wait) {
        on_wait(holder_pid(fd));
      }
    }));
    if (!is_file_at(fd, path)) {
      continue;
    }
    note_holder(fd);
    return fd;
  }
}

Result<Fd> Store::lock(const std::string& name, const std::function<void(int pid)>& on_wait) {
  // Apart from the store's own locks.
  return state_->lock("user/" + name, on_wait);
}

Result<std::optional<Fd>> Store::try_lock(const std::string& name, int& holder) {
  const std::string path = state_->in("locks", encode_name("user/" + name));
  for (;;) {
    STRATA_ASSIGN(Fd fd, state_->open_lock(path));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) {
        return state_->failure(path, errno);
      }
      holder = holder_pid(fd);
      return std::optional<Fd>();
    }
    if (is_file_at(fd, path)) {
      note_holder(fd);
      return std::optional(std::move(fd));
    }
  }
}

}  // namespace strata::backend
