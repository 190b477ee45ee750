#pragma once

#include <optional>

#include "ir/base/emitter.h"
#include "ir/base/source.h"
#include "ir/module.h"

namespace strata::ir {

// The inverse of print(). Reports IrSyntax with locations in `file`; nullopt after an error. loc(…)
// of files that are not in `sources` are dropped. The result is not verified.
[[nodiscard]] std::optional<Module> parse(FileId file, const SourceMap& sources, Emitter& emitter);

}  // namespace strata::ir
