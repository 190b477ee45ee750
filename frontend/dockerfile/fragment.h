#pragma once

#include "frontend/stage_builder.h"
#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend::dockerfile {

// Lowers instructions without FROM on top of a stage (the spec language's dockerfile_commands).
// `file` holds the instructions' text, already in `sources`; `ignore` are the patterns in force for
// COPY from the context. False after a reported error. COPY --from may name images only; FROM is
// reported.
[[nodiscard]] Result<bool> lower_fragment(FileId file, const SourceMap& sources,
                                          LoweringContext& context, const ir::SharedStrings& ignore,
                                          StageBuilder& stage);

}  // namespace strata::frontend::dockerfile
