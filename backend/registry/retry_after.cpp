// Retry-After, by hand: strptime's month names follow the locale.
#include "backend/registry/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace strata::backend {
namespace {

constexpr int kLongest = 1'000'000;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty() || text.front() == '-') {
    return std::nullopt;
  }
  return error == std::errc::result_out_of_range ? kLongest : value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<std::time_t> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::size_t kSize = 29;
  if (text.size() != kSize || !text.ends_with(" GMT") || text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) {
    return std::nullopt;
  }
  std::tm time{};
  time.tm_mday = *day;
  time.tm_mon = static_cast<int>(month - kMonths.begin());
  time.tm_year = *year - 1900;
  time.tm_hour = *hour;
  time.tm_min = *minute;
  time.tm_sec = *second;
  return ::timegm(&time);
}

}  // namespace

std::optional<int> retry_after_seconds(std::string_view header, std::time_t now) {
  if (const std::optional<int> seconds = number(header)) {
    return std::min(*seconds, kLongest);
  }
  if (const std::optional<std::time_t> date = http_date(header)) {
    return static_cast<int>(std::clamp<std::time_t>(*date - now, 0, kLongest));
  }
  return std::nullopt;
}

}  // namespace strata::backend
