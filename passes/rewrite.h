#pragma once

#include <vector>

#include "ir/module.h"

namespace strata::passes {

// Makes every use of op i (operands, stages) a use of op replacement[i]; one entry an op.
// replacement[i] must not come after i, and must not itself be replaced.
void replace_uses(ir::Module& module, const std::vector<ir::OpId>& replacement);

// Removes the ops that `keep` (one entry an op) does not hold; nothing kept may use them. Order is
// preserved.
void remove_ops(ir::Module& module, const std::vector<bool>& keep);

}  // namespace strata::passes
