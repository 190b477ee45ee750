// Image references (the distribution/reference grammar) and platforms (containerd's rules).
#include "ir/reference.h"

#include <algorithm>
#include <array>
#include <vector>

#include "ir/base/text.h"

namespace strata::ir {
namespace {

constexpr std::string_view kDockerHub = "docker.io";
// Of a name (registry excluded), as registries enforce it.
constexpr std::size_t kMaxRepository = 255;
constexpr std::size_t kMaxTag = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || is_upper(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

template <typename Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

// Runs of [a-z0-9] joined by `.`, `_`, `__` or any number of `-`.
bool is_path_component(std::string_view text) {
  std::size_t at = 0;
  while (true) {
    const std::size_t word = at;
    while (at < text.size() && (is_lower(text[at]) || is_digit(text[at]))) {
      ++at;
    }
    if (at == word) {
      return false;
    }
    if (at == text.size()) {
      return true;
    }
    const std::size_t separator = at;
    while (at < text.size() && text[at] == text[separator]) {
      ++at;
    }
    const char c = text[separator];
    const std::size_t length = at - separator;
    if (!(c == '-' || (c == '.' && length == 1) || (c == '_' && length <= 2))) {
      return false;
    }
  }
}

bool is_repository(std::string_view text) {
  const std::vector<std::string_view> components = split(text, '/');
  return text.size() <= kMaxRepository &&
         std::all_of(components.begin(), components.end(), is_path_component);
}

bool is_domain_component(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         all(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_registry(std::string_view text) {
  std::string_view host = text;
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || !all(port, is_digit)) {
      return false;
    }
    host = text.substr(0, colon);
  }
  if (!host.empty() && host.front() == '[') {
    const std::string_view address = host.substr(1, host.size() - 2);
    return host.size() > 2 && host.back() == ']' &&
           all(address, [](char c) { return is_hex(c) || (c >= 'A' && c <= 'F') || c == ':'; });
  }
  const std::vector<std::string_view> components = split(host, '.');
  return std::all_of(components.begin(), components.end(), is_domain_component);
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTag && text.front() != '.' && text.front() != '-' &&
         all(text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

// True when the part before the first `/` can only be a registry: a path component has neither a
// port nor, by docker's convention, a dot.
bool names_registry(std::string_view first) {
  return first.find_first_of(".:[") != std::string_view::npos || first == "localhost" ||
         std::any_of(first.begin(), first.end(), is_upper);
}

}  // namespace

std::optional<Reference> Reference::parse(std::string_view text) {
  Reference reference;
  std::string_view name = text;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    reference.digest = Digest::parse(name.substr(at + 1));
    if (!reference.digest.has_value()) {
      return std::nullopt;
    }
    name = name.substr(0, at);
  }
  // docker takes 64 hex digits for an image id, never for a name.
  if (name.size() == 64 && all(name, is_hex)) {
    return std::nullopt;
  }
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = name.substr(colon + 1);
    if (!is_tag(reference.tag)) {
      return std::nullopt;
    }
    name = name.substr(0, colon);
  }
  const std::size_t first_slash = name.find('/');
  if (first_slash != std::string_view::npos && names_registry(name.substr(0, first_slash))) {
    reference.registry = name.substr(0, first_slash);
    name = name.substr(first_slash + 1);
  }
  if (reference.registry.empty() || reference.registry == "index.docker.io") {
    reference.registry = kDockerHub;
  }
  reference.repository = name;
  if (reference.registry == kDockerHub && name.find('/') == std::string_view::npos) {
    reference.repository.insert(0, "library/");
  }
  if (!is_registry(reference.registry) || !is_repository(reference.repository)) {
    return std::nullopt;
  }
  if (reference.tag.empty() && !reference.digest.has_value()) {
    reference.tag = "latest";
  }
  return reference;
}

std::string Reference::str() const {
  std::string text = registry + "/" + repository;
  if (!tag.empty()) {
    text += ":" + tag;
  }
  if (digest.has_value()) {
    text += "@" + digest->str();
  }
  return text;
}

std::string Reference::familiar() const {
  constexpr std::string_view kOfficial = "library/";
  std::string text = repository;
  if (registry != kDockerHub) {
    text.insert(0, registry + "/");
  } else if (text.starts_with(kOfficial) && text.find('/', kOfficial.size()) == std::string::npos) {
    text.erase(0, kOfficial.size());
  }
  if (!tag.empty() && tag != "latest") {
    text += ":" + tag;
  }
  if (digest.has_value()) {
    text += "@" + digest->str();
  }
  return text;
}

namespace {

struct Machine {
  std::string architecture;
  std::string variant;
};

bool is_known_architecture(std::string_view text) {
  constexpr std::array<std::string_view, 12> kKnown = {"386",     "amd64",   "arm",      "arm64",
                                                       "loong64", "mips64",  "mips64le", "ppc64",
                                                       "ppc64le", "riscv64", "s390x",    "wasm"};
  return std::find(kKnown.begin(), kKnown.end(), text) != kKnown.end();
}

Machine normalize_machine(Machine machine) {
  auto& [architecture, variant] = machine;
  if (architecture == "i386") {
    return {"386", ""};
  }
  if (architecture == "x86_64" || architecture == "x86-64" || architecture == "amd64") {
    return {"amd64", variant == "v1" ? "" : variant};
  }
  if (architecture == "aarch64" || architecture == "arm64") {
    return {"arm64", variant == "8" || variant == "v8" || variant == "v8.0" ? "" : variant};
  }
  if (architecture == "armhf") {
    return {"arm", "v7"};
  }
  if (architecture == "armel") {
    return {"arm", "v6"};
  }
  if (architecture == "arm") {
    if (variant.empty()) {
      return {"arm", "v7"};
    }
    return {"arm", is_digit(variant.front()) ? "v" + variant : variant};
  }
  return machine;
}

bool is_platform_part(std::string_view text) {
  return !text.empty() &&
         all(text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace

std::optional<std::string> normalize_platform(std::string_view text) {
  const std::string lower = ascii_lower(text);
  std::vector<std::string_view> parts = split(lower, '/');
  if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_platform_part)) {
    return std::nullopt;
  }
  if (parts.size() == 1) {
    parts.insert(parts.begin(), "linux");
    if (!is_known_architecture(normalize_machine({std::string(parts[1]), {}}).architecture)) {
      return std::nullopt;
    }
  }
  const Machine machine = normalize_machine(
      {std::string(parts[1]), parts.size() == 3 ? std::string(parts[2]) : std::string()});
  const std::string_view os = parts[0] == "macos" ? "darwin" : parts[0];
  return Platform{std::string(os), machine.architecture, machine.variant}.str();
}

std::string Platform::str() const {
  return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

Platform split_platform(std::string_view platform) {
  const std::size_t slash = std::min(platform.find('/'), platform.size());
  const std::string_view machine = platform.substr(std::min(slash + 1, platform.size()));
  const std::size_t second = std::min(machine.find('/'), machine.size());
  return {std::string(platform.substr(0, slash)), std::string(machine.substr(0, second)),
          std::string(machine.substr(std::min(second + 1, machine.size())))};
}

std::string host_platform() {
#if defined(__x86_64__)
  return "linux/amd64";
#elif defined(__aarch64__)
  return "linux/arm64";
#elif defined(__arm__)
  return "linux/arm/v7";
#elif defined(__i386__)
  return "linux/386";
#elif defined(__riscv)
  return "linux/riscv64";
#elif defined(__s390x__)
  return "linux/s390x";
#elif defined(__powerpc64__)
  return "linux/ppc64le";
#else
#error "name this machine's platform as OCI does"
#endif
}

}  // namespace strata::ir
