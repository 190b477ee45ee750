#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace strata::backend {

// A JSON document from outside: is_discarded() when it is malformed or nests more than 100 deep.
// Copying, comparing and writing a value recurse, so every document is read by this.
[[nodiscard]] nlohmann::json parse_json(std::string_view text);

}  // namespace strata::backend
