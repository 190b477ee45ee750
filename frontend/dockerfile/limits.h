#pragma once

#include <cstddef>
#include <string_view>

#include "frontend/dockerfile/line_reader.h"
#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend::dockerfile {

// Limits on what is parsed, so that no small file takes a large machine. Each returns false after a
// reported error: what follows is not read.
[[nodiscard]] bool within_limits(FileId file, std::string_view text, Emitter& emitter);
// `before`: how many instructions came before.
[[nodiscard]] bool within_limits(const LogicalLine& line, std::size_t before, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
