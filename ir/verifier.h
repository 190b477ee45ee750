#pragma once

#include "ir/base/emitter.h"
#include "ir/module.h"

namespace strata::ir {

// The definition of a valid module; reports each broken invariant as IrInvariant at the op's
// location. True if there is none. The list is in ir/README.md.
[[nodiscard]] bool verify(const Module& module, Emitter& emitter);

}  // namespace strata::ir
