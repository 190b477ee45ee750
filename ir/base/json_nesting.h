#pragma once

#include <string_view>

namespace strata {

// Whether the brackets of a JSON text, those in its strings aside, nest more than `depth` deep.
// Readers of JSON recurse, so whoever reads one from outside asks first.
[[nodiscard]] bool nests_deeper(std::string_view json, int depth);

}  // namespace strata
