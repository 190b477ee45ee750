// oci_spec.h: Docker's default sandbox as a config.json.
#include "backend/execute/oci_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "backend/execute/seccomp.h"

namespace strata::backend {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kUmask = 022;
// Some builds have hundreds of compilers with four processes each, or some thousand threads; a fork
// bomb ends before the machine does.
constexpr std::int64_t kPidsLimit = 16384;

Json limits(const std::vector<Limit>& all) {
  Json list = Json::array();
  for (const Limit& limit : all) {
    list.push_back({{"type", limit.type}, {"soft", limit.soft}, {"hard", limit.hard}});
  }
  return list;
}

const Json& capabilities() {
  static const Json names = {
      "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
      "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
      "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
      "CAP_KILL",    "CAP_AUDIT_WRITE"};
  return names;
}

const Json& masked_paths() {
  static const Json paths = {"/proc/acpi",
                             "/proc/asound",
                             "/proc/interrupts",
                             "/proc/kcore",
                             "/proc/keys",
                             "/proc/latency_stats",
                             "/proc/sched_debug",
                             "/proc/scsi",
                             "/proc/timer_list",
                             "/proc/timer_stats",
                             "/sys/devices/virtual/powercap",
                             "/sys/firmware"};
  return paths;
}

// All of /sys/fs/cgroup: `ro` of its mount reaches version 1's hierarchies in some runtimes, the
// file system that holds them in none.
Json readonly_paths(const BundleFacts& facts) {
  Json paths = {"/proc/bus",           "/proc/fs",      "/proc/irq", "/proc/sys",
                "/proc/sysrq-trigger", "/sys/fs/cgroup"};
  for (const std::string& hierarchy : facts.hierarchies) {
    paths.push_back(hierarchy);
  }
  return paths;
}

Json file_system(const char* target, const char* type, const char* source, Json options) {
  return {
      {"destination", target}, {"type", type}, {"source", source}, {"options", std::move(options)}};
}

Json bind_mount(const std::string& source, const std::string& target,
                RunSpec::Bind::Access access) {
  const bool read_only = access == RunSpec::Bind::Access::ReadOnly;
  return {{"destination", target},
          {"type", "bind"},
          {"source", source},
          {"options", {"rbind", "rprivate", read_only ? "ro" : "rw"}}};
}

// The caller's, those that lie in others after these.
void add_own_mounts(const RunSpec& spec, Json& list) {
  std::vector<Json> own;
  for (const RunSpec::Tmpfs& one : spec.tmpfs) {
    own.push_back(file_system(one.target.c_str(), "tmpfs", "tmpfs", one.options));
  }
  for (const RunSpec::Bind& one : spec.binds) {
    own.push_back(bind_mount(one.source, one.target, one.access));
  }
  const auto depth = [](const Json& mount) {
    const auto& target = mount.at("destination").get_ref<const std::string&>();
    return std::count(target.begin(), target.end(), '/');
  };
  std::stable_sort(own.begin(), own.end(),
                   [&](const Json& a, const Json& b) { return depth(a) < depth(b); });
  for (Json& mount : own) {
    list.push_back(std::move(mount));
  }
}

Json mounts(const RunSpec& spec, const BundleFacts& facts) {
  Json list = Json::array();
  list.push_back(file_system("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  list.push_back(
      file_system("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  list.push_back(
      file_system("/dev/pts", "devpts", "devpts",
                  {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  list.push_back(file_system("/dev/shm", "tmpfs", "shm",
                             {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
  list.push_back(file_system("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  list.push_back(file_system("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  list.push_back(file_system("/sys/fs/cgroup", "cgroup", "cgroup",
                             {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  if (!facts.resolv_conf.empty()) {
    list.push_back(
        bind_mount("/etc/resolv.conf", facts.resolv_conf, RunSpec::Bind::Access::ReadOnly));
  }
  if (!facts.hosts.empty()) {
    list.push_back(bind_mount("/etc/hosts", facts.hosts, RunSpec::Bind::Access::ReadOnly));
  }
  add_own_mounts(spec, list);
  return list;
}

// Images of Windows have variables that begin with `=`; a runtime starts no process with one.
bool is_variable_name(const std::string& name) { return !name.empty() && name.front() != '='; }

Json environment(const RunSpec& spec) {
  Json list = Json::array();
  bool home = false;
  bool epoch = false;
  for (const auto& [name, value] : spec.env) {
    if (!is_variable_name(name)) {
      continue;
    }
    list.push_back(fmt::format("{}={}", name, value));
    home = home || name == "HOME";
    epoch = epoch || name == "SOURCE_DATE_EPOCH";
  }
  if (!home) {
    list.push_back("HOME=" + spec.home);
  }
  if (!epoch) {
    list.push_back(fmt::format("SOURCE_DATE_EPOCH={}", spec.epoch));
  }
  return list;
}

Json process(const RunSpec& spec, const BundleFacts& facts) {
  Json user = {{"uid", spec.uid}, {"gid", spec.gid}, {"umask", kUmask}};
  if (!spec.groups.empty()) {
    user["additionalGids"] = spec.groups;
  }
  const Json& all = capabilities();
  Json json = {{"terminal", facts.tty == BundleFacts::Tty::Yes},
               {"user", std::move(user)},
               {"args", spec.args},
               {"env", environment(spec)},
               {"rlimits", limits(facts.limits)},
               {"cwd", spec.cwd.empty() ? "/" : spec.cwd},
               // `inheritable` stays empty (CVE-2022-24769), and a process without root has none.
               {"capabilities", {{"bounding", all}, {"effective", all}, {"permitted", all}}},
               // sudo and other setuid programs work in a RUN.
               {"noNewPrivileges", false}};
  // The runtime's own resize comes after the process has started.
  if (facts.rows != 0 && facts.columns != 0) {
    json["consoleSize"] = {{"height", facts.rows}, {"width", facts.columns}};
  }
  return json;
}

Json linux_section(const RunSpec& spec, const BundleFacts& facts) {
  Json namespaces = {{{"type", "pid"}}, {{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "mount"}}};
  if (spec.network == "none") {
    namespaces.push_back({{"type", "network"}});
  }
  // In cgroups v1 it would hide the hierarchy that the read-only mount shows.
  if (facts.cgroups == BundleFacts::Cgroups::Version2) {
    namespaces.push_back({{"type", "cgroup"}});
  }
  static const Json seccomp = Json::parse(seccomp_profile_json());
  Json resources = {{"devices", Json::array({Json{{"allow", false}, {"access", "rwm"}}})}};
  if (facts.processes == BundleFacts::Processes::Limited) {
    resources["pids"] = {{"limit", kPidsLimit}};
  }
  return {{"namespaces", std::move(namespaces)},    {"cgroupsPath", facts.cgroups_path},
          {"resources", std::move(resources)},      {"maskedPaths", masked_paths()},
          {"readonlyPaths", readonly_paths(facts)}, {"seccomp", seccomp}};
}

}  // namespace

Result<std::string> make_oci_config(const RunSpec& spec, const BundleFacts& facts) {
  try {
    const Json config = {{"ociVersion", "1.0.2"},
                         {"process", process(spec, facts)},
                         {"root", {{"path", facts.root}, {"readonly", spec.read_only}}},
                         {"hostname", spec.hostname.empty() ? ir::kSandboxHostname : spec.hostname},
                         {"mounts", mounts(spec, facts)},
                         {"linux", linux_section(spec, facts)}};
    return config.dump();
  } catch (const Json::type_error&) {
    return Error{ErrorCode::Input,
                 "the command, its environment or a path of it holds bytes that are not UTF-8, "
                 "which an OCI runtime cannot take"};
  }
}

}  // namespace strata::backend
