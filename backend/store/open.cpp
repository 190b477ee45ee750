// Opening and closing a store, and its scratch space.
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "backend/store/claim.h"
#include "backend/store/layout_files.h"
#include "backend/store/lease.h"
#include "backend/store/store_files.h"
#include "backend/system/file_lock.h"
#include "backend/system/files.h"

namespace strata::backend {

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
  STRATA_ASSIGN(state->root, claim_directory(path));
  state->owner_pid = ::getpid();
  STRATA_ASSIGN(state->build_id, new_build_id());
  STRATA_TRY(state->share());
  // From here on the destructor cleans up.
  std::unique_ptr<Store> store(new Store(std::move(state)));
  STRATA_TRY(open_scratch(*store->state_));
  STRATA_TRY(restore_layout_files(*store, *store->state_));
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
std::uint64_t Store::set_aside() const { return state_->quarantined(); }
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
