#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strata::frontend::spec {

// What a spec's `edition` pins. A row never changes once it is released: keys depend on it.
struct Edition {
  std::string_view name;
  // debian_slim: python:<version>-slim-<codename>.
  std::string_view python_version;
  std::string_view debian_codename;
};

// nullptr when there is no such edition.
[[nodiscard]] const Edition* find_edition(std::string_view name);
[[nodiscard]] const Edition& newest_edition();
[[nodiscard]] std::vector<std::string> edition_names();

}  // namespace strata::frontend::spec
