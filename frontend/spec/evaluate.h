#pragma once

#include <vector>

#include "frontend/budget.h"
#include "frontend/spec/ast.h"
#include "frontend/spec/image_graph.h"
#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend::spec {

struct Evaluation {
  ImageGraph graph;
  // In the order of the file; names are unique. May be empty.
  std::vector<Export> exports;
};

// Evaluates every statement and checks every call: total, without any look at the world. Calls
// take what they copy from `budget`. Wrong
// input is reported, statement by statement; the result is whole only if nothing was.
[[nodiscard]] Evaluation evaluate(const File& file, const SourceMap& sources, Budget& budget,
                                  Emitter& emitter);

}  // namespace strata::frontend::spec
