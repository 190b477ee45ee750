// Opening and closing a store: ownership, format, leases, and the remains of dead processes.
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>

#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kFormatPrefix = "strata store format ";

// Roots hold other images' setuid files and tmp/ becomes roots: no other user may enter them. What
// a failed command was given is nobody else's business.
constexpr std::array<std::pair<const char*, mode_t>, 15> kDirectories{{
    {"blobs", 0755},
    {"blobs/sha256", 0755},
    {"steps", 0755},
    {"failed", 0700},
    {"trees", 0755},
    {"chains", 0755},
    {"layers", 0755},
    {"roots", 0700},
    {"refs", 0755},
    {"keys", 0755},
    {"resolved", 0755},
    {"locks", 0700},
    {"tmp", 0700},
    {"quarantine", 0700},
    {"verified", 0700},
}};

Error not_usable(const std::string& path, std::string_view why) {
  return {ErrorCode::Machine, fmt::format("store `{}`: {}", path, why)};
}

Result<std::string> absolute_directory(const std::string& path) {
  if (Result<void> made = make_directories(path); !made) {
    return Error{ErrorCode::Machine, std::move(made).error().message}.with_context("store");
  }
  std::array<char, PATH_MAX> resolved{};
  if (::realpath(path.c_str(), resolved.data()) == nullptr) {
    return errno_error(path, errno);
  }
  struct stat status {};
  if (::stat(resolved.data(), &status) != 0) {
    return errno_error(path, errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return not_usable(path, "not a directory");
  }
  if (status.st_uid != ::geteuid()) {
    return not_usable(path, fmt::format("belongs to user {}, this is user {}; a store is used by "
                                        "one user (STRATA_HOME names another place)",
                                        status.st_uid, ::geteuid()));
  }
  return std::string(resolved.data());
}

// A directory without a format file becomes a store only when nothing of others is in it.
Result<void> check_is_fresh(const std::string& root) {
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(root));
  for (const std::string& name : names) {
    // Another process may be making it at this moment, by way of `.strata-…`.
    const bool ours = name.rfind(".strata-", 0) == 0 || name == "format" || name == "oci-layout" ||
                      name == "index.json" || name == "stat-cache" ||
                      std::any_of(kDirectories.begin(), kDirectories.end(),
                                  [&](const auto& directory) { return name == directory.first; });
    if (!ours) {
      return not_usable(root, fmt::format("holds `{}` and is not a strata store", name));
    }
  }
  return {};
}

Result<void> check_format(const std::string& root) {
  const std::string path = root + "/format";
  Result<std::string> text = read_file(path);
  if (!text && text.error().code != ErrorCode::NotFound) {
    return std::move(text).error();
  }
  if (!text) {
    STRATA_TRY(check_is_fresh(root));
    return write_file_durably(path, fmt::format("{}{}\n", kFormatPrefix, kFormat));
  }
  int format = 0;
  if (text->rfind(kFormatPrefix, 0) == 0) {
    const char* const begin = text->data() + kFormatPrefix.size();
    (void)std::from_chars(begin, text->data() + text->size(), format);
  }
  if (format < 1) {
    return not_usable(root, "its file `format` is not one of strata");
  }
  if (format > kFormat) {
    return not_usable(
        root, fmt::format("format {} is newer than this strata, which knows {}", format, kFormat));
  }
  return {};
}

Result<void> make_layout(const StoreFiles& files) {
  for (const auto& [name, mode] : kDirectories) {
    const std::string path = files.root + "/" + name;
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
      return files.failure(path, errno);
    }
  }
  const std::string layout = files.root + "/oci-layout";
  if (!exists(layout)) {
    STRATA_TRY(write_file_durably(layout, R"({"imageLayoutVersion":"1.0.0"})"));
  }
  const std::string index = files.root + "/index.json";
  if (!exists(index)) {
    STRATA_TRY(write_file_durably(
        index,
        R"({"manifests":[],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2})"));
  }
  return {};
}

Result<std::string> new_build_id() {
  std::array<std::uint8_t, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return errno_error("getrandom", errno);
  }
  std::string id = fmt::format("{}-", ::getpid());
  for (const std::uint8_t byte : random) {
    id += fmt::format("{:02x}", byte);
  }
  return id;
}

Result<void> take_lease(StoreFiles& files) {
  if (::mkdir(files.scratch().c_str(), 0700) != 0) {
    return files.failure(files.scratch(), errno);
  }
  const std::string path = files.scratch() + "/lease";
  files.lease = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!files.lease.valid() || ::flock(files.lease.get(), LOCK_EX | LOCK_NB) != 0) {
    return files.failure(path, errno);
  }
  const std::string pid = std::to_string(files.owner_pid) + "\n";
  (void)!::pwrite(files.lease.get(), pid.data(), pid.size(), 0);
  return {};
}

// Whether a directory of tmp/ belongs to nobody: its lease can be locked or is not there. Called
// under the lock that take_lease runs under, so none is half made.
bool is_abandoned(const std::string& directory) {
  const Fd fd(::open((directory + "/lease").c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) {
    return errno == ENOENT;
  }
  return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

// Moves what dead processes left into this process's own scratch space, in one rename each, so that
// two strata never remove the same tree, and a death in the middle leaves it to the next one.
Result<std::vector<std::string>> claim_abandoned(StoreFiles& files) {
  std::vector<std::string> claimed;
  const std::string directory = files.root + "/tmp";
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(directory));
  for (const std::string& name : names) {
    const std::string path = files.in("tmp", name);
    struct stat status {};
    if (name == files.build_id || ::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
        !is_abandoned(path)) {
      continue;
    }
    std::string target = files.scratch_name("trash");
    if (::rename(path.c_str(), target.c_str()) == 0) {
      claimed.push_back(std::move(target));
    }
  }
  return claimed;
}

}  // namespace

std::string Store::default_path() {
  if (const char* home = std::getenv("STRATA_HOME"); home != nullptr && *home != '\0') {
    return home;
  }
  // The XDG specification ignores relative values.
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return std::string(cache) + "/strata";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    const struct passwd* const user = ::getpwuid(::geteuid());
    home = user != nullptr ? user->pw_dir : "/tmp";
  }
  return std::string(home) + "/.cache/strata";
}

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  auto state = std::make_unique<State>();
  STRATA_ASSIGN(state->root, absolute_directory(path));
  STRATA_TRY(check_format(state->root));
  STRATA_TRY(make_layout(*state));
  state->owner_pid = ::getpid();
  STRATA_ASSIGN(state->build_id, new_build_id());
  const std::string gc = state->in("locks", "gc");
  state->gc_lock = Fd(::open(gc.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!state->gc_lock.valid()) {
    return state->failure(gc, errno);
  }
  STRATA_TRY(wait_for_lock(state->gc_lock, LOCK_SH, gc, {}));
  std::vector<std::string> trash;
  {
    STRATA_ASSIGN(const Fd guard, state->lock("tmp", {}));
    STRATA_TRY(take_lease(*state));
    STRATA_ASSIGN(trash, claim_abandoned(*state));
  }
  // From here on the destructor cleans up.
  std::unique_ptr<Store> store(new Store(std::move(state)));
  for (const std::string& remains : trash) {
    // What cannot be removed (a mount left in it, say) must not stop a build; the next gc tries
    // again.
    (void)remove_tree(remains).ok();
  }
  return store;
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}

Store::~Store() {
  if (state_->owner_pid == ::getpid()) {
    (void)remove_tree(state_->scratch()).ok();
  }
}

const std::string& Store::path() const { return state_->root; }
const std::string& Store::build_id() const { return state_->build_id; }
bool Store::is_running(const std::string& build_id) const {
  return !is_abandoned(state_->in("tmp", build_id));
}
std::string Store::stat_cache_path() const { return state_->root + "/stat-cache"; }

Result<std::string> Store::new_scratch(const std::string& purpose) {
  const std::string path = state_->scratch_name(encode_name(purpose));
  // The mode of a root's top directory must not depend on the umask.
  if (::mkdir(path.c_str(), 0755) != 0 || ::chmod(path.c_str(), 0755) != 0) {
    return state_->failure(path, errno);
  }
  return path;
}

}  // namespace strata::backend
