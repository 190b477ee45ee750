#pragma once

#include <optional>
#include <string>

#include "frontend/frontend.h"
#include "frontend/spec/image_graph.h"
#include "ir/base/result.h"
#include "ir/sources.h"

namespace strata::frontend::spec {

// The patterns of the context's ignore file, read when they are first needed:
// `<file_name>.dockerignore` beside the main file, else the context's `.dockerignore`.
class ContextIgnore {
 public:
  // References must outlive this.
  ContextIgnore(ir::SourceLoader& loader, std::string file_name)
      : loader_(&loader), file_name_(std::move(file_name)) {}

  // Error: one of the files is there and cannot be read.
  Result<ir::Strings> patterns();

 private:
  ir::SourceLoader* loader_;
  std::string file_name_;
  std::optional<ir::Strings> patterns_;
};

// The step's own patterns, which are relative to its source, as patterns relative to the context.
[[nodiscard]] ir::Strings ignore_below(const std::string& source, const ir::Strings& patterns);

// `path` as a pattern that matches it alone: its wildcards escaped.
[[nodiscard]] std::string literal_pattern(const std::string& path);

}  // namespace strata::frontend::spec
