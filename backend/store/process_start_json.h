#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/store/process_start.h"

namespace strata::backend {

// The body of a record in failed/: canonical JSON with every member of ProcessStart. The reader
// gives nullopt for anything else.
[[nodiscard]] std::string print_process_start(const ProcessStart& start);
[[nodiscard]] std::optional<ProcessStart> parse_process_start(std::string_view body);

}  // namespace strata::backend
