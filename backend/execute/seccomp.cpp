// seccomp.h: an allow list, three argument rules and one call that must look absent.
#include "backend/execute/seccomp.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace strata::backend {
namespace {

// Allowed whatever their arguments. One name a line would be four hundred lines.
constexpr std::string_view kAllowed[] = {
#include "backend/execute/seccomp_allowed.inc"
};

// personality(2): PER_LINUX, PER_LINUX32, UNAME26, both, and the query.
constexpr std::array<std::uint64_t, 5> kPersonalities = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

// clone(2) without any CLONE_NEW* flag.
constexpr std::uint64_t kNamespaceFlags = 0x7E020000;

// Socket families that reach what no namespace holds, and so are closed: the kernel's crypto and
// the hypervisor.
constexpr std::uint64_t kAfAlg = 38;
constexpr std::uint64_t kAfVsock = 40;
static_assert(kAfAlg + 2 == kAfVsock, "the rules below open the one family between them");

constexpr int kEnosys = 38;
constexpr int kEperm = 1;

std::string rule(std::string_view name, std::string_view op, std::uint64_t value,
                 std::uint64_t value_two = 0) {
  return fmt::format(
      R"(,{{"names":["{}"],"action":"SCMP_ACT_ALLOW","args":[{{"index":0,"value":{},"valueTwo":{},"op":"{}"}}]}})",
      name, value, value_two, op);
}

std::string make_profile() {
#if defined(__x86_64__)
  // Without x32, which distributions switch off in the kernel: a third of the filter, and of the
  // time that the runtime takes to make it (about 10 ms a run).
  constexpr std::string_view kArchitectures = R"("SCMP_ARCH_X86_64","SCMP_ARCH_X86")";
  constexpr std::string_view kOwnCalls = R"("arch_prctl","modify_ldt")";
#elif defined(__aarch64__)
  constexpr std::string_view kArchitectures = R"("SCMP_ARCH_AARCH64","SCMP_ARCH_ARM")";
  constexpr std::string_view kOwnCalls =
      R"("arm_fadvise64_64","arm_sync_file_range","breakpoint","cacheflush","set_tls","sync_file_range2")";
#else
#error "no seccomp profile for this architecture"
#endif
  std::string json = fmt::format(
      R"({{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":{},"architectures":[{}],"syscalls":[{{"names":[{})",
      kEperm, kArchitectures, kOwnCalls);
  for (const std::string_view name : kAllowed) {
    json += fmt::format(R"(,"{}")", name);
  }
  json += R"(],"action":"SCMP_ACT_ALLOW"})";
  for (const std::uint64_t value : kPersonalities) {
    json += rule("personality", "SCMP_CMP_EQ", value);
  }
  json += rule("socket", "SCMP_CMP_LT", kAfAlg);
  json += rule("socket", "SCMP_CMP_EQ", kAfAlg + 1);
  json += rule("socket", "SCMP_CMP_GT", kAfVsock);
  json += rule("clone", "SCMP_CMP_MASKED_EQ", kNamespaceFlags, 0);
  // A filter cannot read clone3's flags, and libc falls back to clone when it is not there.
  json +=
      fmt::format(R"(,{{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":{}}}]}})", kEnosys);
  return json;
}

}  // namespace

const std::string& seccomp_profile_json() {
  static const std::string profile = make_profile();
  return profile;
}

}  // namespace strata::backend
