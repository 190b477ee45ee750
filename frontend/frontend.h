#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/emitter.h"
#include "ir/base/source.h"
#include "ir/module.h"
#include "ir/sources.h"

namespace strata::frontend {

enum class Language { Dockerfile, Spec };

struct LowerRequest {
  // The main text, already in the SourceMap.
  FileId file;
  Language language = Language::Dockerfile;
  // Dockerfile: at most one stage name or number; empty is the last stage. Spec: image names; empty
  // is every image.
  std::vector<std::string> targets;
  ir::Pairs build_args;
  ir::Pairs params;
  // Target platform, normalized; "" when none was asked for: then this machine's, and an image has
  // its base's.
  std::string platform;
  // Named build contexts (directories), by their names as Reference::familiar() gives them.
  std::vector<std::string> contexts;
  // Base name of the main file, for its own ignore file (`<name>.dockerignore`).
  std::string file_name;
};

// From text to a module, all phases (parse, then lower). Reports wrong input to the emitter;
// nullopt after an error. A failure of the world while resolving (network, registry) is the
// Result's error. Visits only the stages that the targets reach.
[[nodiscard]] Result<std::optional<ir::Module>> lower(const LowerRequest& request,
                                                      SourceMap& sources, ir::SourceLoader& loader,
                                                      ir::SourceResolver& resolver,
                                                      Emitter& emitter);

// http_proxy and the like, in any case: a build argument that needs no ARG and means nothing to the
// result.
[[nodiscard]] bool is_proxy_argument(std::string_view name);
// Build arguments that are given without a declaration by habit: proxies, and what BuildKit reads
// itself.
[[nodiscard]] bool needs_no_declaration(std::string_view name);
// The platform that the request is for.
[[nodiscard]] std::string target_platform(const LowerRequest& request);

// `image.strata`, `*.strata` → Spec; all else Dockerfile.
[[nodiscard]] Language language_of(std::string_view file_name);

// The AST as the JSON of `strata dump ast`, or as indented text; nullopt after an error.
enum class AstFormat { Text, Json };
[[nodiscard]] std::optional<std::string> dump_ast(FileId file, Language language, AstFormat format,
                                                  const SourceMap& sources, Emitter& emitter);

}  // namespace strata::frontend
