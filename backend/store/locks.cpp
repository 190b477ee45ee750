// Locks between processes: flock on files of locks/, freed by the kernel however a holder dies.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <thread>

#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(10);
constexpr int kPollsBeforeNotice = 100;

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

Result<void> wait_for_lock(const Fd& fd, int operation, const std::string& name,
                           const std::function<void()>& on_wait) {
  for (int i = 0; i < kPollsBeforeNotice; ++i) {
    if (::flock(fd.get(), operation | LOCK_NB) == 0) {
      return {};
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return errno_error(name, errno);
    }
    std::this_thread::sleep_for(kPoll);
  }
  if (on_wait) {
    on_wait();
  }
  while (::flock(fd.get(), operation) != 0) {
    if (errno != EINTR) {
      return errno_error(name, errno);
    }
  }
  return {};
}

Result<Fd> StoreFiles::lock(const std::string& name,
                            const std::function<void(int)>& on_wait) const {
  const std::string path = in("locks", encode_name(name));
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    return failure(path, errno);
  }
  STRATA_TRY(wait_for_lock(fd, LOCK_EX, path, [&] {
    if (on_wait) {
      on_wait(holder_pid(fd));
    }
  }));
  // For people and messages only; the flock is the lock. A full disk must not stop it.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) == 0) {
    (void)!::pwrite(fd.get(), pid.data(), pid.size(), 0);
  }
  return fd;
}

Result<Fd> Store::lock(const std::string& name, const std::function<void(int pid)>& on_wait) {
  // Apart from the store's own locks.
  return state_->lock("user/" + name, on_wait);
}

}  // namespace strata::backend
