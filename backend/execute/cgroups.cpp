// cgroups.h, and from executor.h what dead builds left of theirs.
#include "backend/execute/cgroups.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

#include "backend/execute/executor.h"
#include "backend/execute/file_system.h"
#include "backend/system/files.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr const char* kCgroupRoot = "/sys/fs/cgroup";
constexpr const char* kHybrid = "/sys/fs/cgroup/unified";
constexpr const char* kPids = "/sys/fs/cgroup/pids";
constexpr const char* kPrefix = "strata-";
constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};

// As a runtime and a file name take it.
std::string prefix_of(const std::string& id) {
  std::string name = kPrefix + id + "-";
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
      },
      '-');
  return name;
}

// Of those whose last process is going right now another attempt makes sense.
enum class Removal { Done, Busy };
Removal remove_cgroup(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) {
    return Removal::Done;
  }
  // Groups that were made inside. All else in it is the kernel's files.
  if (const auto names = list_directory(path); names.ok()) {
    for (const std::string& name : *names) {
      ::rmdir(fmt::format("{}/{}", path, name).c_str());
    }
  }
  return ::rmdir(path.c_str()) != 0 && errno == EBUSY ? Removal::Busy : Removal::Done;
}

// For at most so many milliseconds, together.
void remove_all(std::vector<std::string> paths, int milliseconds) {
  for (int i = 0; !paths.empty() && i <= milliseconds; ++i) {
    std::erase_if(paths,
                  [](const std::string& path) { return remove_cgroup(path) == Removal::Done; });
    if (!paths.empty()) {
      ::nanosleep(&kPause, nullptr);
    }
  }
}

// Says which store's build a cgroup belongs to: several may share this machine, or its cgroups.
std::string store_tag(const std::string& store_path) {
  struct stat status {};
  if (::stat(store_path.c_str(), &status) != 0) {
    return "0-0";
  }
  return fmt::format("{:x}-{:x}", status.st_dev, status.st_ino);
}

// The build id in a cgroup's name, if it is of a container of this store.
std::optional<std::string> build_of(std::string_view name, const std::string& store_prefix) {
  const std::size_t number = name.rfind('-');
  if (!name.starts_with(store_prefix) || number < store_prefix.size() ||
      number + 1 == name.size() ||
      name.find_first_not_of("0123456789", number + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(name.substr(store_prefix.size(), number - store_prefix.size()));
}

}  // namespace

BundleFacts::Cgroups cgroup_version() {
  return file_system_magic(kCgroupRoot) == CGROUP2_SUPER_MAGIC ? BundleFacts::Cgroups::Version2
                                                               : BundleFacts::Cgroups::Version1;
}

std::vector<std::string> cgroup_hierarchies() {
  if (cgroup_version() == BundleFacts::Cgroups::Version2) {
    return {kCgroupRoot};
  }
  std::vector<std::string> result;
  if (const auto names = list_directory(kCgroupRoot); names.ok()) {
    for (const std::string& name : *names) {
      result.push_back(fmt::format("{}/{}", kCgroupRoot, name));
    }
  }
  return result;
}

bool has_pids_controller() {
  if (cgroup_version() == BundleFacts::Cgroups::Version1) {
    return file_system_magic(kPids) == CGROUP_SUPER_MAGIC;
  }
  const auto text = read_file(fmt::format("{}/cgroup.controllers", kCgroupRoot));
  if (!text) {
    return false;
  }
  const std::vector<std::string> controllers = split_words(text->substr(0, text->find('\n')), ' ');
  return std::find(controllers.begin(), controllers.end(), "pids") != controllers.end();
}

void hide_hybrid_cgroups() {
  if (file_system_magic(kHybrid) == CGROUP2_SUPER_MAGIC) {
    ::mount("tmpfs", kHybrid, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  }
}

std::string container_name(const std::string& id, unsigned number) {
  return prefix_of(id) + std::to_string(number);
}

void remove_cgroups(const std::string& container) {
  constexpr int kMilliseconds = 100;
  std::vector<std::string> paths;
  for (const std::string& hierarchy : cgroup_hierarchies()) {
    paths.push_back(fmt::format("{}/{}", hierarchy, container));
  }
  remove_all(std::move(paths), kMilliseconds);
}

std::string runtime_state_id(const std::string& store_path, const std::string& build_id) {
  return store_tag(store_path) + "-" + build_id;
}

void remove_stale_runtime_state(const std::string& store_path,
                                const std::function<bool(const std::string&)>& is_running) {
  // A build that was killed a moment ago may still have processes that end.
  constexpr int kMilliseconds = 500;
  const std::string prefix = prefix_of(store_tag(store_path));
  std::vector<std::string> stale;
  for (const std::string& hierarchy : cgroup_hierarchies()) {
    const auto names = list_directory(hierarchy);
    if (!names) {
      continue;
    }
    for (const std::string& name : *names) {
      const auto build = build_of(name, prefix);
      if (build && !is_running(*build)) {
        stale.push_back(fmt::format("{}/{}", hierarchy, name));
      }
    }
  }
  remove_all(std::move(stale), kMilliseconds);
}

}  // namespace strata::backend
