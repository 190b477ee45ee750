#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "frontend/budget.h"
#include "frontend/dockerfile/ast.h"
#include "frontend/frontend.h"
#include "ir/environment.h"

namespace strata::frontend::dockerfile {

// The arguments that FROM sees: the predefined ones, and each ARG before the first FROM.
class GlobalArgs {
 public:
  // Evaluates the ARGs of `ast`; reports what does not expand. `target_stage` is TARGETSTAGE.
  GlobalArgs(const Ast& ast, const LowerRequest& request, const std::string& target_stage,
             Budget& budget, Emitter& emitter);

  // nullptr when it has none.
  [[nodiscard]] const std::string* value(std::string_view name) const { return values_.find(name); }
  [[nodiscard]] const std::string* build_arg(std::string_view name) const {
    return build_args_.find(name);
  }
  // SOURCE_DATE_EPOCH as build argument or ARG before the first FROM; reports one that is no
  // number.
  [[nodiscard]] std::optional<std::int64_t> epoch(Emitter& emitter) const;

 private:
  void define(const Pair& pair, char escape, Budget& budget, Emitter& emitter);

  ir::Environment build_args_;
  ir::Environment values_;
  Loc epoch_loc_;
};

// Warns about build arguments that no ARG of the file declares.
void check_build_args(const Ast& ast, const LowerRequest& request, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
