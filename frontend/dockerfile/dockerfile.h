#pragma once

#include <optional>
#include <string>

#include "frontend/frontend.h"

namespace strata::frontend::dockerfile {

// frontend::lower and frontend::dump_ast for the Dockerfile language.
[[nodiscard]] Result<std::optional<ir::Module>> lower(const LowerRequest& request,
                                                      SourceMap& sources, ir::SourceLoader& loader,
                                                      ir::SourceResolver& resolver,
                                                      Emitter& emitter);
[[nodiscard]] std::optional<std::string> dump_ast(FileId file, AstFormat format,
                                                  const SourceMap& sources, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
