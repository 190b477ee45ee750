#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata::backend::oci {

// Seconds since 1970 as `2023-05-04T17:37:03Z`. Years outside 0000–9999 are clamped to them: the
// format has four digits.
[[nodiscard]] std::string format_time(std::int64_t seconds);

// RFC 3339, any fraction (dropped) and offset. nullopt when it is none.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace strata::backend::oci
