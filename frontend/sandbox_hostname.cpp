// One of the build arguments that no ARG declares: it is about the sandbox, not the image.
#include "frontend/sandbox_hostname.h"

#include <algorithm>

namespace strata::frontend {
namespace {

constexpr DiagnosticDef<std::string> kBadHostname{
    Kind::BadHostname, "`BUILDKIT_SANDBOX_HOSTNAME` is `{}`, not a host name"};

// What the kernel takes (uname(2)).
constexpr std::size_t kLongest = 64;

bool is_hostname(const std::string& text) {
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

std::string sandbox_hostname(const LowerRequest& request, Emitter& emitter) {
  std::string hostname;
  for (const auto& [name, value] : request.build_args) {
    if (name == "BUILDKIT_SANDBOX_HOSTNAME") {
      hostname = value;
    }
  }
  if (!is_hostname(hostname)) {
    emitter.emit(Loc{}, kBadHostname, hostname)
        .note("it has at most 64 letters, digits, `-`, `_` and `.`");
    hostname.clear();
  }
  return hostname;
}

}  // namespace strata::frontend
