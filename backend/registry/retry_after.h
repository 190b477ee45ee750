#pragma once

#include <ctime>
#include <optional>
#include <string_view>

namespace strata::backend {

// The seconds that a Retry-After header asks to wait: a number, or an HTTP-date (RFC 9110 5.6.7's
// preferred form) counted from `now`; a date gone by is 0. nullopt when it is neither.
[[nodiscard]] std::optional<int> retry_after_seconds(std::string_view header, std::time_t now);

}  // namespace strata::backend
