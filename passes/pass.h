#pragma once

#include <memory>
#include <string_view>

#include "ir/base/emitter.h"
#include "ir/module.h"

namespace strata::passes {

enum class Change { Unchanged, Changed };

// What a pass may use beside the module.
struct PassContext {
  Emitter& emitter;
};

// A function from module to module that leaves the meaning of every target as it is: the same final
// files and config.
class Pass {
 public:
  virtual ~Pass() = default;
  Pass() = default;
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  virtual Change run(ir::Module& module, PassContext& context) = 0;
};

#define STRATA_PASS(name, cli_name, help) std::unique_ptr<Pass> make_##name();
#include "passes/passes.def"
#undef STRATA_PASS

}  // namespace strata::passes
