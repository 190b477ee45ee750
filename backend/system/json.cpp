// JSON from outside, with a limit on its nesting.
#include "backend/system/json.h"

#include <nlohmann/json.hpp>

#include "ir/base/json_nesting.h"

namespace strata::backend {

nlohmann::json parse_json(std::string_view text) {
  // No document that we read nests deeper by a tenth.
  constexpr int kDeepest = 100;
  if (nests_deeper(text, kDeepest)) {
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace strata::backend
