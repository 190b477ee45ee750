#pragma once

#include <optional>
#include <string>

#include "frontend/frontend.h"

namespace strata::frontend::spec {

// frontend::lower and frontend::dump_ast for the spec language.
[[nodiscard]] Result<std::optional<ir::Module>> lower(const LowerRequest& request,
                                                      SourceMap& sources, ir::SourceLoader& loader,
                                                      ir::SourceResolver& resolver,
                                                      Emitter& emitter);
[[nodiscard]] std::optional<std::string> dump_ast(FileId file, AstFormat format,
                                                  const SourceMap& sources, Emitter& emitter);

}  // namespace strata::frontend::spec
