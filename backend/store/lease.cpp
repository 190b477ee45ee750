// Scratch space: who has which, and the remains of dead processes.
#include "backend/store/lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "backend/system/file_lock.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

Result<void> take_lease(StoreFiles& files) {
  if (::mkdir(files.scratch().c_str(), 0700) != 0) {
    return files.failure(files.scratch(), errno);
  }
  const std::string path = files.scratch() + "/lease";
  files.lease = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!files.lease.valid()) {
    return files.failure(path, errno);
  }
  // Whoever asks whether it is free holds it for a moment.
  STRATA_TRY(lock_file(files.lease, LOCK_EX, path));
  const std::string pid = std::to_string(files.owner_pid) + "\n";
  (void)!::pwrite(files.lease.get(), pid.data(), pid.size(), 0);
  return {};
}

// By one rename each, so that two strata never remove the same tree, and a death in the middle
// leaves it to the next one.
Result<std::vector<std::string>> take_over(StoreFiles& files) {
  std::vector<std::string> taken;
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(files.root + "/tmp"));
  for (const std::string& name : names) {
    const std::string path = files.in("tmp", name);
    if (!is_build_id(name) || name == files.build_id || !is_abandoned(path)) {
      continue;
    }
    std::string target = files.scratch_name("trash");
    if (::rename(path.c_str(), target.c_str()) == 0) {
      taken.push_back(std::move(target));
    }
  }
  return taken;
}

}  // namespace

bool is_abandoned(const std::string& directory) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) {
    return errno == ENOENT;
  }
  if (!S_ISDIR(status.st_mode)) {
    return false;
  }
  const Result<Fd> lease = open_regular_file(directory + "/lease");
  if (!lease) {
    return lease.error().code == ErrorCode::NotFound;
  }
  return ::flock(lease->get(), LOCK_EX | LOCK_NB) == 0;
}

Result<std::string> new_build_id() {
  std::array<std::uint8_t, kBuildIdRandomBytes> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return errno_error("getrandom", errno);
  }
  std::string id = fmt::format("{}-", ::getpid());
  for (const std::uint8_t byte : random) {
    id += fmt::format("{:02x}", byte);
  }
  return id;
}

Result<void> open_scratch(StoreFiles& files) {
  std::vector<std::string> taken;
  {
    STRATA_ASSIGN(const Fd guard, files.lock("tmp", {}));
    STRATA_TRY(take_lease(files));
    STRATA_ASSIGN(taken, take_over(files));
  }
  for (const std::string& remains : taken) {
    // What cannot be removed (a mount left in it, say) must not stop a build; the next one tries
    // again.
    (void)remove_tree(remains).ok();
  }
  return {};
}

}  // namespace strata::backend
