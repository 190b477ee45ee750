// Which entry of an index serves a platform: containerd's order of preference
// (platforms/compare.go).
#include <charconv>

#include "backend/oci/image.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

// `v8` → 8; 0 for anything else. (Minor versions, v9.2, count as their major one.)
int number_of(const std::string& variant) {
  int number = 0;
  if (variant.size() > 1 && variant.front() == 'v') {
    (void)std::from_chars(variant.data() + 1, variant.data() + variant.size(), number);
  }
  return number;
}

void add_arm(std::vector<std::string>& out, const std::string& os, int from) {
  for (int version = from; version >= 5; --version) {
    out.push_back(os + "/arm/v" + std::to_string(version));
  }
}

// The platforms whose images run on `platform`, the best first.
std::vector<std::string> candidates(const std::string& platform) {
  const ir::Platform parts = ir::split_platform(platform);
  std::vector<std::string> out{platform};
  const int number = number_of(parts.variant);
  if (parts.architecture == "amd64") {
    for (int version = number - 1; version >= 2; --version) {
      out.push_back(parts.os + "/amd64/v" + std::to_string(version));
    }
    out.push_back(parts.os + "/amd64");
    out.push_back(parts.os + "/386");
  } else if (parts.architecture == "arm") {
    add_arm(out, parts.os, (number == 0 ? 7 : number) - 1);
  } else if (parts.architecture == "arm64") {
    for (int version = number - 1; version >= 9; --version) {
      out.push_back(parts.os + "/arm64/v" + std::to_string(version));
    }
    out.push_back(parts.os + "/arm64");
    add_arm(out, parts.os, 8);
  }
  return out;
}

}  // namespace

std::optional<Descriptor> select_platform(const std::vector<Descriptor>& index,
                                          const std::string& platform) {
  const std::string wanted = ir::normalize_platform(platform).value_or(platform);
  for (const std::string& candidate : candidates(wanted)) {
    for (const Descriptor& entry : index) {
      // Attestations say unknown/unknown.
      if (entry.platform.empty() || entry.platform.rfind("unknown", 0) == 0) {
        continue;
      }
      if (ir::normalize_platform(entry.platform).value_or(entry.platform) == candidate) {
        return entry;
      }
    }
  }
  // An index of one image that names no platform (as `skopeo copy` writes them) means that image.
  if (index.size() == 1 && index.front().platform.empty()) {
    return index.front();
  }
  return std::nullopt;
}

}  // namespace strata::backend::oci
