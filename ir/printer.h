#pragma once

#include <string>

#include "ir/base/source.h"
#include "ir/module.h"

namespace strata::ir {

// Locations are printed as loc("name":begin:end), byte offsets, when `sources` is given.
struct PrintOptions {
  const SourceMap* sources = nullptr;
};

// The canonical text of a module: total, and parse(print(m)) == m. Strings are printed with JSON
// escapes; bytes that are not UTF-8 as \xHH.
[[nodiscard]] std::string print(const Module& module, const PrintOptions& options = {});

}  // namespace strata::ir
