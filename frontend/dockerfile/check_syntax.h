#pragma once

#include <string_view>

#include "frontend/dockerfile/ast.h"
#include "frontend/dockerfile/parse.h"
#include "ir/base/emitter.h"

namespace strata::frontend::dockerfile {

// What the grammar leaves open and needs no values: known instructions and flags, arity, stage
// names, the order of ARG and FROM.
void check_syntax(const Ast& ast, ParseScope scope, std::string_view text, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
