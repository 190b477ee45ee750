// The editions of the spec language, oldest first.
#include "frontend/spec/edition.h"

#include <array>

namespace strata::frontend::spec {
namespace {

constexpr std::array kEditions{
    Edition{.name = "2026", .python_version = "3.12", .debian_codename = "bookworm"},
};

}  // namespace

const Edition* find_edition(std::string_view name) {
  for (const Edition& edition : kEditions) {
    if (edition.name == name) {
      return &edition;
    }
  }
  return nullptr;
}

const Edition& newest_edition() { return kEditions.back(); }

std::vector<std::string> edition_names() {
  std::vector<std::string> names;
  names.reserve(kEditions.size());
  for (const Edition& edition : kEditions) {
    names.emplace_back(edition.name);
  }
  return names;
}

}  // namespace strata::frontend::spec
