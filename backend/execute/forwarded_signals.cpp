// forwarded_signals.h: what a process does about a signal stands in its /proc/…/status.
#include "backend/execute/forwarded_signals.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr int kHexadecimal = 16;

std::uint64_t mask_of(const std::string& status, std::string_view field) {
  const std::size_t at = status.find("\n" + std::string(field) + ":");
  return at == std::string::npos
             ? 0
             : std::strtoull(status.c_str() + at + field.size() + 2, nullptr, kHexadecimal);
}

// Whether anything happens in it; yes when that cannot be known. A process that waits for signals
// has them blocked all the time; others only for moments, and find it gone afterwards.
bool notices(pid_t process, int number) {
  constexpr int kLooks = 5;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 10'000'000};
  const auto holds = [number](std::uint64_t mask) { return ((mask >> (number - 1)) & 1U) != 0; };
  for (int look = 0; look < kLooks; ++look) {
    const Result<std::string> status = read_file(fmt::format("/proc/{}/status", process));
    if (!status || holds(mask_of(*status, "SigCgt") | mask_of(*status, "SigIgn"))) {
      return true;
    }
    if (!holds(mask_of(*status, "SigBlk"))) {
      return false;
    }
    ::nanosleep(&kPause, nullptr);
  }
  return true;
}

}  // namespace

sigset_t forwarded_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : kForwardedSignals) {
    ::sigaddset(&set, number);
  }
  return set;
}

bool give_signal(pid_t process, int number) {
  const bool is_noticed = notices(process, number);
  ::kill(process, is_noticed ? number : SIGKILL);
  return !is_noticed;
}

}  // namespace strata::backend
