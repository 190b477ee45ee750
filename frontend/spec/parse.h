#pragma once

#include "frontend/spec/ast.h"
#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend::spec {

// How deep brackets, f-string holes, `not` and `else` chains may nest: a limit instead of a crash.
inline constexpr int kMaxNesting = 200;

// From text to tree. Total: each statement that is wrong is reported and stands in the tree as
// BrokenStatement, the others are whole. Whether there were errors is the emitter's count.
[[nodiscard]] File parse(FileId file, const SourceMap& sources, Emitter& emitter);

}  // namespace strata::frontend::spec
