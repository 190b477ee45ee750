#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace strata::frontend::spec {

// A PEP 508 requirement.
struct Requirement {
  // Normalized as PEP 503 says: lower case, runs of `-_.` as one `-`.
  std::string name;
  // Extras and versions or URL, without white space.
  std::string constraint;
  // The environment marker, white space collapsed; "" is none.
  std::string marker;
};

struct RequirementError {
  // "`>>2` is not a version comparison"
  std::string message;
  // What to write instead; may be empty.
  std::string advice;
};

[[nodiscard]] std::variant<Requirement, RequirementError> parse_requirement(std::string_view text);

}  // namespace strata::frontend::spec
