#pragma once

#include <optional>
#include <string>

#include "ir/base/emitter.h"
#include "ir/base/result.h"
#include "ir/base/source.h"
#include "ir/op.h"
#include "ir/sources.h"

namespace strata::frontend::dockerfile {

// Whose ignore patterns are wanted.
struct IgnoreScope {
  // "" is the main context.
  std::string context;
  // The main file, whose own ignore file goes before the context's; "" where it has no say.
  std::string file_name;
};

// The ignore patterns in force: of `<file_name>.dockerignore` beside the Dockerfile if there is
// one, else of `.dockerignore` in the context's root, else none. Reports malformed patterns;
// nullopt then.
[[nodiscard]] Result<std::optional<ir::SharedStrings>> load_ignore(const IgnoreScope& scope,
                                                                   SourceMap& sources,
                                                                   ir::SourceLoader& loader,
                                                                   Emitter& emitter);

}  // namespace strata::frontend::dockerfile
