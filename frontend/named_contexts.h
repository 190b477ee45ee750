#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/emitter.h"
#include "ir/base/result.h"
#include "ir/base/source.h"
#include "ir/op.h"
#include "ir/sources.h"

namespace strata::frontend {

// The build contexts that the command line names. Each is a directory that stands for whatever else
// its name would mean: a stage, or an image. Names are compared as docker does:
// `docker.io/library/x:latest` is `x`.
class NamedContexts {
 public:
  // `names` as Reference::familiar() gives them; the references must outlive this.
  NamedContexts(const std::vector<std::string>& names, SourceMap& sources, ir::SourceLoader& loader,
                Emitter& emitter)
      : names_(names.begin(), names.end()),
        sources_(&sources),
        loader_(&loader),
        emitter_(&emitter) {}

  // The context that a stage or image of that name is; it counts as used from here on.
  [[nodiscard]] std::optional<std::string> find(std::string_view name);
  // The patterns of the context's own `.dockerignore`, read once; nullopt after reported errors.
  [[nodiscard]] Result<std::optional<ir::SharedStrings>> ignore(const std::string& name);
  // Warns of each context that nothing has asked for.
  void report_unused() const;

 private:
  std::set<std::string> names_;
  std::set<std::string> used_;
  std::map<std::string, std::optional<ir::SharedStrings>> ignore_;
  SourceMap* sources_;
  ir::SourceLoader* loader_;
  Emitter* emitter_;
};

}  // namespace strata::frontend
