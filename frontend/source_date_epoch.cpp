// The one reader of SOURCE_DATE_EPOCH.
#include "frontend/source_date_epoch.h"

#include <charconv>

namespace strata::frontend {
namespace {

constexpr DiagnosticDef<std::string> kBadEpoch{
    Kind::BadEpoch, "`SOURCE_DATE_EPOCH` is `{}`, not a number of seconds"};

}  // namespace

std::optional<std::int64_t> parse_source_date_epoch(const std::string& text, Loc loc,
                                                    Emitter& emitter) {
  if (text.empty()) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || seconds < 0) {
    emitter.emit(loc, kBadEpoch, text);
    return std::nullopt;
  }
  return seconds;
}

}  // namespace strata::frontend
