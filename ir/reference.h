#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ir/base/digest.h"

namespace strata::ir {

// An image reference (distribution/reference grammar), normalized: docker.io and library/ filled
// in.
struct Reference {
  std::string registry;    // host[:port]; "docker.io" for Docker Hub
  std::string repository;  // "library/debian"
  std::string tag;         // "" when only a digest was given; "latest" when neither was
  std::optional<Digest> digest;

  // nullopt unless well-formed (upper case in a repository, a bad digest, … are refused).
  [[nodiscard]] static std::optional<Reference> parse(std::string_view text);
  // registry/repository[:tag][@digest]
  [[nodiscard]] std::string str() const;
  // As docker shows it: without what an image of Docker Hub leaves out (`docker.io/`, `library/`),
  // and without `:latest`.
  [[nodiscard]] std::string familiar() const;
  bool operator==(const Reference&) const = default;
};

// linux/x86_64 → linux/amd64, arm64/v8 → arm64, arm → arm/v7 (containerd's rules); a bare
// architecture gets `linux/`. nullopt unless os/arch[/variant].
[[nodiscard]] std::optional<std::string> normalize_platform(std::string_view text);
[[nodiscard]] std::string host_platform();

// A platform's parts; those that it lacks are "".
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
  // os/arch[/variant]
  [[nodiscard]] std::string str() const;
};
[[nodiscard]] Platform split_platform(std::string_view platform);

}  // namespace strata::ir
