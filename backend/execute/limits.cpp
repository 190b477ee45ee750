// limits.h: one table, and what this process may make of it.
#include "backend/execute/limits.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>

namespace strata::backend {
namespace {

struct Fixed {
  int resource;
  Limit limit;
};

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
// The numbers are those that a docker daemon hands on where systemd starts it, but for core files,
// which would lie in layers (a command may raise the soft limit), and for what depends on the
// machine's memory there: processes and pending signals.
constexpr std::array<Fixed, 16> kFixed = {{
    {RLIMIT_AS, {"RLIMIT_AS", kNone, kNone}},
    {RLIMIT_CORE, {"RLIMIT_CORE", 0, kNone}},
    {RLIMIT_CPU, {"RLIMIT_CPU", kNone, kNone}},
    {RLIMIT_DATA, {"RLIMIT_DATA", kNone, kNone}},
    {RLIMIT_FSIZE, {"RLIMIT_FSIZE", kNone, kNone}},
    {RLIMIT_LOCKS, {"RLIMIT_LOCKS", kNone, kNone}},
    {RLIMIT_MEMLOCK, {"RLIMIT_MEMLOCK", 8U << 20U, 8U << 20U}},
    {RLIMIT_MSGQUEUE, {"RLIMIT_MSGQUEUE", 819200, 819200}},
    {RLIMIT_NICE, {"RLIMIT_NICE", 0, 0}},
    {RLIMIT_NOFILE, {"RLIMIT_NOFILE", 1024, 524288}},
    {RLIMIT_NPROC, {"RLIMIT_NPROC", 16384, 16384}},
    {RLIMIT_RSS, {"RLIMIT_RSS", kNone, kNone}},
    {RLIMIT_RTPRIO, {"RLIMIT_RTPRIO", 0, 0}},
    {RLIMIT_RTTIME, {"RLIMIT_RTTIME", kNone, kNone}},
    {RLIMIT_SIGPENDING, {"RLIMIT_SIGPENDING", 16384, 16384}},
    {RLIMIT_STACK, {"RLIMIT_STACK", 8U << 20U, kNone}},
}};

bool may_raise_limits() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  return ::syscall(SYS_capget, &header, data.data()) == 0 &&
         (data[0].effective & (1U << static_cast<unsigned>(CAP_SYS_RESOURCE))) != 0;
}

}  // namespace

Result<std::vector<Limit>> sandbox_limits() {
  const bool raise = may_raise_limits();
  std::vector<Limit> limits;
  for (const Fixed& fixed : kFixed) {
    rlimit own{};
    Limit limit = fixed.limit;
    if (!raise && ::getrlimit(static_cast<__rlimit_resource_t>(fixed.resource), &own) == 0) {
      limit.hard = std::min<std::uint64_t>(limit.hard, own.rlim_max);
    }
    if (limit.hard < limit.soft) {
      return Error{
          ErrorCode::Machine,
          fmt::format("{} of this process is {}, and a RUN has {} whoever starts it: raise "
                      "it (ulimit), or give strata CAP_SYS_RESOURCE",
                      limit.type, limit.hard,
                      limit.soft == kNone ? "none" : std::to_string(limit.soft))};
    }
    limits.push_back(limit);
  }
  return limits;
}

}  // namespace strata::backend
