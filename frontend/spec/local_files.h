#pragma once

#include <optional>
#include <string>

#include "frontend/frontend.h"
#include "frontend/spec/image_graph.h"
#include "ir/base/result.h"
#include "ir/sources.h"

namespace strata::frontend::spec {

// The patterns of the context's ignore file, read when they are first needed, once.
class ContextIgnore {
 public:
  // References must outlive this.
  ContextIgnore(std::string file_name, SourceMap& sources, ir::SourceLoader& loader,
                Emitter& emitter)
      : file_name_(std::move(file_name)),
        sources_(&sources),
        loader_(&loader),
        emitter_(&emitter) {}

  // nullopt after a malformed pattern, which is reported once. Error: a file that is there and
  // cannot be read.
  Result<std::optional<ir::SharedStrings>> patterns();

 private:
  std::string file_name_;
  SourceMap* sources_;
  ir::SourceLoader* loader_;
  Emitter* emitter_;
  enum class State { Unread, Good, Malformed } state_ = State::Unread;
  ir::SharedStrings patterns_;
};

// The step's own patterns, which are relative to its source, as patterns relative to the context.
[[nodiscard]] ir::Strings ignore_below(const std::string& source, const ir::Strings& patterns);

// `path` as a pattern that matches it alone: its wildcards escaped.
[[nodiscard]] std::string literal_pattern(const std::string& path);

}  // namespace strata::frontend::spec
