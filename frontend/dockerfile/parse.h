#pragma once

#include "frontend/dockerfile/ast.h"
#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend::dockerfile {

// What is checked of the file as a whole: a fragment has no FROM and may be empty.
enum class ParseScope { File, Fragment };

// The tree of a Dockerfile. Syntax errors, unknown instructions and flags, and wrong arity are
// reported; what could be understood is in the tree all the same, so that later checks can run.
[[nodiscard]] Ast parse(FileId file, ParseScope scope, const SourceMap& sources, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
