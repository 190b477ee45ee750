#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ir/base/emitter.h"

namespace strata::frontend {

// The seconds that a SOURCE_DATE_EPOCH says; nullopt for "", and after BadEpoch was reported at
// `loc` (not valid for one of the command line).
[[nodiscard]] std::optional<std::int64_t> parse_source_date_epoch(const std::string& text, Loc loc,
                                                                  Emitter& emitter);

}  // namespace strata::frontend
