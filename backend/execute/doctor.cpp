// The checks of `strata doctor` (executor.h): each tries the real thing where it can.
#include <fmt/format.h>
#include <linux/magic.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "backend/execute/executor.h"
#include "backend/execute/file_system.h"
#include "backend/execute/probe.h"
#include "backend/execute/runtime.h"
#include "backend/system/files.h"
#include "ir/base/path.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

using Status = Check::Status;

// "build (uid 1000)"
std::string user_name() {
  const uid_t uid = ::geteuid();
  constexpr std::size_t kMost = 16384;
  std::vector<char> buffer(kMost);
  struct passwd entry {};
  struct passwd* found = nullptr;
  return ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr
             ? fmt::format("{} (uid {})", found->pw_name, uid)
             : fmt::format("uid {}", uid);
}

Check check_user() {
  if (::geteuid() == 0) {
    return {.name = "user", .status = Status::Ok, .detail = "root", .advice = ""};
  }
  return {.name = "user",
          .status = Status::Failed,
          .detail = user_name(),
          .advice = "a RUN mounts overlays and needs root: use sudo; everything else works as is"};
}

Check check_kernel() {
  utsname name{};
  ::uname(&name);
  int major = 0;
  int minor = 0;
  constexpr int kMajor = 5;
  constexpr int kMinor = 11;
  const bool parsed = std::sscanf(name.release, "%d.%d", &major, &minor) == 2;
  const bool recent = parsed && (major > kMajor || (major == kMajor && minor >= kMinor));
  return {.name = "kernel",
          .status = recent ? Status::Ok : Status::Warning,
          .detail = fmt::format("{} {} {}", name.sysname, name.release, name.machine),
          .advice = recent ? "" : "strata is tested on Linux 5.11 and later"};
}

Check check_cgroups() {
  const std::uint64_t type = file_system_magic("/sys/fs/cgroup");
  if (type == 0) {
    return {.name = "cgroups",
            .status = Status::Warning,
            .detail = "/sys/fs/cgroup is not there",
            .advice = "mount /sys, or see whether the runtimes below do without"};
  }
  if (type == CGROUP2_SUPER_MAGIC) {
    return {.name = "cgroups", .status = Status::Ok, .detail = "version 2", .advice = ""};
  }
  const bool hybrid = file_system_magic("/sys/fs/cgroup/unified") == CGROUP2_SUPER_MAGIC;
  if (type != TMPFS_MAGIC) {
    return {.name = "cgroups",
            .status = Status::Ok,
            .detail = "none mounted; strata mounts its own",
            .advice = ""};
  }
  return {.name = "cgroups",
          .status = Status::Ok,
          .detail = hybrid ? "hybrid (crun gets to see version 1 alone)" : "version 1",
          .advice = ""};
}

Check check_user_namespaces() {
  const Result<std::string> limit = read_file("/proc/sys/user/max_user_namespaces");
  const bool good = limit.ok() && *limit != "0\n";
  return {.name = "user namespaces",
          .status = Status::Ok,
          .detail = good ? "available" : "switched off; strata as root needs none",
          .advice = ""};
}

// The store, or the nearest directory above it that is there.
std::string nearest_directory(const std::string& path) {
  std::string at = path;
  while (!at.empty() && !exists(at)) {
    at.resize(parent_of(at).size());
  }
  return at.empty() ? "/" : at;
}

std::vector<Check> check_store(const std::string& store_path) {
  const std::string path = nearest_directory(store_path);
  const std::string type = file_system_name(path);
  std::vector<Check> checks;
  checks.push_back({.name = "store",
                    .status = ::access(path.c_str(), W_OK) == 0 ? Status::Ok : Status::Failed,
                    .detail = fmt::format("{} ({})", store_path, type),
                    .advice = ""});
  if (checks.back().status != Status::Ok) {
    checks.back().advice =
        fmt::format("`{}` is not writable: {}; set STRATA_HOME", path, std::strerror(errno));
  }
  struct statvfs space {};
  if (::statvfs(path.c_str(), &space) == 0) {
    constexpr std::uint64_t kLittle = 2'000'000'000;
    const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
    const bool inodes = space.f_files == 0 || space.f_favail > 100'000;
    const bool enough = free >= kLittle && inodes;
    checks.push_back(
        {.name = "space",
         .status = enough ? Status::Ok : Status::Warning,
         .detail = fmt::format("{} and {} inodes free", human_size(free),
                               space.f_files == 0 ? "unlimited" : std::to_string(space.f_favail)),
         .advice = enough ? "" : "run `strata gc`, or set STRATA_HOME"});
  }
  return checks;
}

Check check_overlay(const std::string& store_path) {
  if (::geteuid() != 0) {
    // Every file system would refuse.
    return {.name = "overlay",
            .status = Status::Warning,
            .detail = fmt::format("not tried: mounting takes root, and this is {}", user_name()),
            .advice = ""};
  }
  const std::string path = nearest_directory(store_path);
  const Result<void> mounted = probe_overlay(path);
  if (mounted) {
    return {.name = "overlay",
            .status = Status::Ok,
            .detail = fmt::format("mounts on {}", file_system_name(path)),
            .advice = ""};
  }
  return {.name = "overlay",
          .status = Status::Failed,
          .detail = mounted.error().message,
          .advice =
              "set STRATA_HOME to a directory on ext4, xfs, btrfs or tmpfs; in a container, "
              "give it a volume and CAP_SYS_ADMIN"};
}

std::vector<Check> check_runtimes(const std::string& store_path, const std::string& wanted) {
  std::vector<Check> checks;
  bool any = false;
  for (const Runtime& runtime : candidate_runtimes(wanted)) {
    Check check{.name = "runtime " + runtime.name,
                .status = Status::Ok,
                .detail = "not installed",
                .advice = ""};
    if (!runtime.path.empty() && ::geteuid() != 0) {
      // Root's runtime may be in order.
      check.detail = fmt::format("{} not tried: it takes root", runtime.path);
      check.status = Status::Warning;
      any = true;
    } else if (!runtime.path.empty()) {
      const Result<std::string> works = probe_runtime(runtime, nearest_directory(store_path));
      check.detail = fmt::format("{} {}", runtime.path,
                                 works ? "runs containers" : "fails: " + works.error().message);
      check.status = works && works->empty() ? Status::Ok : Status::Warning;
      if (works && !works->empty()) {
        check.detail += " " + *works;
        check.advice = "a RUN can start any number: give strata the pids controller of cgroups";
      }
      any = any || works.ok();
    }
    checks.push_back(std::move(check));
  }
  if (!any) {
    for (Check& check : checks) {
      check.status = Status::Failed;
      check.advice =
          "a RUN needs a working OCI runtime: install runc or crun, or name one with "
          "--runtime or STRATA_RUNTIME";
    }
  }
  return checks;
}

Check check_certificates() {
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/cert.pem"}) {
    if (exists(path)) {
      return {.name = "certificates", .status = Status::Ok, .detail = path, .advice = ""};
    }
  }
  return {.name = "certificates",
          .status = Status::Warning,
          .detail = "no bundle of certificate authorities",
          .advice = "install ca-certificates, or registries cannot be verified"};
}

}  // namespace

std::vector<Check> run_doctor(const std::string& store_path, const std::string& store_refusal,
                              const std::string& runtime) {
  std::vector<Check> checks = {check_user(), check_kernel(), check_cgroups(),
                               check_user_namespaces()};
  if (store_refusal.empty()) {
    for (Check& check : check_store(store_path)) {
      checks.push_back(std::move(check));
    }
    checks.push_back(check_overlay(store_path));
  } else {
    checks.push_back({.name = "store",
                      .status = Status::Failed,
                      .detail = store_refusal,
                      .advice = "set STRATA_HOME to an empty directory, or one that is not there"});
  }
  const std::string probed =
      store_refusal.empty() ? store_path : std::filesystem::temp_directory_path().string();
  for (Check& check : check_runtimes(probed, runtime)) {
    checks.push_back(std::move(check));
  }
  checks.push_back(check_certificates());
  return checks;
}

}  // namespace strata::backend
