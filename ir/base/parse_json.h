#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "ir/base/result.h"

namespace strata {

// The one way from JSON text to nlohmann's document. Its copies, comparisons and dump() recurse,
// and a value of two bytes takes forty, so a text is measured before a document is made of it.
constexpr int kMaxJsonDepth = 128;
constexpr std::size_t kMaxJsonValues = 1'000'000;
constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 20;

// How deep the brackets of a text nest that may be JSON, those in its strings aside.
[[nodiscard]] int json_depth(std::string_view text);

// Errors: Corrupt, saying what is wrong, without the name of the text.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text);

}  // namespace strata
