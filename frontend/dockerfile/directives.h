#pragma once

#include <cstdint>

#include "frontend/dockerfile/ast.h"
#include "ir/base/emitter.h"

namespace strata::frontend::dockerfile {

// Reads the `# syntax=`, `# escape=` and `# check=` lines at the top of `text` into `ast` and
// returns the offset of the first line after them. Reports duplicates and a bad escape.
[[nodiscard]] std::uint32_t read_directives(std::string_view text, Ast& ast, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
