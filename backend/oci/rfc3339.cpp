// RFC 3339 times without the C library: no time zone, locale or leap-second table takes part.
#include "backend/oci/rfc3339.h"

#include <fmt/format.h>

#include <algorithm>

namespace strata::backend::oci {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kFirst = -62167219200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t kLast = 253402300799;   // 9999-12-31T23:59:59Z

// Days of the proleptic Gregorian calendar since 1970-01-01 (Hinnant, "chrono-compatible low-level
// date algorithms").
constexpr std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

struct Civil {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

constexpr Civil civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  const std::int64_t month = shifted + (shifted < 10 ? 3 : -9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted + 2) / 5 + 1};
}

// Reads fixed-width numbers and separators; every step fails for good after the first mismatch.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::int64_t number(std::size_t digits, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (text_.empty() || text_.front() < '0' || text_.front() > '9') {
        failed_ = true;
        return low;
      }
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    failed_ = failed_ || value < low || value > high;
    return value;
  }

  // The character that stood there, one of `choices`; 0 when it is another.
  char one_of(std::string_view choices) {
    if (text_.empty() || choices.find(text_.front()) == std::string_view::npos) {
      failed_ = true;
      return 0;
    }
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  void skip_fraction() {
    if (text_.empty() || text_.front() != '.') {
      return;
    }
    text_.remove_prefix(1);
    (void)number(1, 0, 9);
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      text_.remove_prefix(1);
    }
  }

  [[nodiscard]] bool done() const { return !failed_ && text_.empty(); }

 private:
  std::string_view text_;
  bool failed_ = false;
};

}  // namespace

std::string format_time(std::int64_t seconds) {
  seconds = std::clamp(seconds, kFirst, kLast);
  const std::int64_t days = (seconds >= 0 ? seconds : seconds - (kDay - 1)) / kDay;
  const std::int64_t rest = seconds - days * kDay;
  const Civil date = civil_from_days(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day,
                     rest / 3600, rest / 60 % 60, rest % 60);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  Cursor cursor(text);
  const std::int64_t year = cursor.number(4, 0, 9999);
  (void)cursor.one_of("-");
  const std::int64_t month = cursor.number(2, 1, 12);
  (void)cursor.one_of("-");
  const std::int64_t day = cursor.number(2, 1, 31);
  (void)cursor.one_of("Tt ");
  const std::int64_t hour = cursor.number(2, 0, 23);
  (void)cursor.one_of(":");
  const std::int64_t minute = cursor.number(2, 0, 59);
  (void)cursor.one_of(":");
  // 60 is a leap second.
  const std::int64_t second = cursor.number(2, 0, 60);
  cursor.skip_fraction();
  std::int64_t offset = 0;
  if (const char sign = cursor.one_of("Zz+-"); sign == '+' || sign == '-') {
    offset = cursor.number(2, 0, 23) * 3600;
    (void)cursor.one_of(":");
    offset += cursor.number(2, 0, 59) * 60;
    offset = sign == '-' ? -offset : offset;
  }
  if (!cursor.done()) {
    return std::nullopt;
  }
  const std::int64_t days = days_from_civil(year, month, day);
  if (civil_from_days(days).day != day) {
    return std::nullopt;  // 31 February
  }
  return days * kDay + hour * 3600 + minute * 60 + second - offset;
}

}  // namespace strata::backend::oci
