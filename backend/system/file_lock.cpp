// Locks by polling: a blocking flock(2) could not be interrupted by a flag.
#include "backend/system/file_lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{1};
constexpr milliseconds kLongestPause{50};
constexpr milliseconds kNoticeAfter{1000};

}  // namespace

Result<void> lock_file(const Fd& fd, int operation, const std::string& name,
                       const std::function<void()>& on_wait) {
  milliseconds pause = kFirstPause;
  milliseconds waited{0};
  bool noticed = false;
  for (;;) {
    if (::flock(fd.get(), operation | LOCK_NB) == 0) {
      return {};
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return errno_error(name, errno);
    }
    STRATA_TRY(check_interrupted());
    if (waited >= kNoticeAfter && !noticed) {
      noticed = true;
      if (on_wait) {
        on_wait();
      }
    }
    std::this_thread::sleep_for(pause);
    waited += pause;
    pause = std::min(pause * 2, kLongestPause);
  }
}

bool is_file_at(const Fd& fd, const std::string& path) {
  struct stat held {};
  struct stat found {};
  return ::fstat(fd.get(), &held) == 0 && ::lstat(path.c_str(), &found) == 0 &&
         held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

}  // namespace strata::backend
