#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "frontend/spec/arguments.h"
#include "frontend/spec/ast.h"
#include "frontend/spec/image_methods.h"
#include "frontend/spec/scope.h"
#include "frontend/spec/value.h"
#include "ir/base/emitter.h"

namespace strata::frontend::spec {

// Evaluates expressions. Total: the tree is finite and of limited depth, and what values may grow
// to is limited.
class Expressions {
 public:
  // References must outlive this. `later` are the names that statements further down bind.
  Expressions(Scope& scope, const std::map<std::string, Loc>& later, ImageMethods& methods,
              Emitter& emitter)
      : scope_(&scope), later_(&later), methods_(&methods), emitter_(&emitter) {}

  // ErrorValue after a reported error.
  Value evaluate(const Expr& expr);

 private:
  Value name(const NameRef& ref, Loc loc);
  Value fstring(const FString& fstring, Loc loc);
  Value list(const ListExpr& list, Loc loc);
  Value dict(const DictExpr& dict, Loc loc);
  Value sum(const SumExpr& sum, Loc loc);
  Value add(const Value& left, const Value& right, Loc loc, Loc right_loc);
  Value merge(const Value& left, const Value& right, Loc loc, Loc right_loc);
  Value chain(const ChainExpr& chain, Loc loc);
  Value call(const Value& object, const Attribute& attribute, const Call& arguments, Loc name_loc,
             const CallSite& site);
  Value attribute(const Value& object, const Attribute& attribute, Loc loc);
  Value call_of_name(const ChainExpr& chain, const Value& callee, Loc loc);
  GivenCall given(const Call& call, Loc name_loc, Loc parentheses);
  // Counts what values take; reports and returns false once a file takes too much.
  bool spend(std::size_t bytes, Loc loc);

  Scope* scope_;
  const std::map<std::string, Loc>* later_;
  ImageMethods* methods_;
  Emitter* emitter_;
  std::size_t spent_ = 0;
};

}  // namespace strata::frontend::spec
