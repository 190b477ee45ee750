#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/spec/methods.h"
#include "frontend/spec/value.h"
#include "ir/base/emitter.h"
#include "ir/op.h"

namespace strata::frontend::spec {

// An argument of a call, evaluated.
struct GivenArgument {
  std::optional<std::string> name;
  Loc name_loc;
  // The expression's range; value.loc may lie in another statement.
  Loc loc;
  Value value;
};

struct GivenCall {
  std::vector<GivenArgument> arguments;
  // The method's name; the parentheses.
  Loc name_loc;
  Loc parentheses;
};

// A string and where it was written.
struct Text {
  std::string text;
  Loc loc;
};
using Texts = std::vector<Text>;

// A call's arguments by parameter, of the types that the table demands. The accessors return
// nothing for an argument that was not given (or was None).
class Arguments {
 public:
  // Reports what does not fit; nullopt then, and (silently) when a value is an error already.
  static std::optional<Arguments> bind(const MethodDef& def, const GivenCall& call,
                                       Emitter& emitter);

  [[nodiscard]] std::optional<Text> string(std::string_view param) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view param) const;
  // Of a Strings or StringList parameter.
  [[nodiscard]] Texts strings(std::string_view param) const;
  [[nodiscard]] ir::Pairs pairs(std::string_view param) const;
  // Of the variadic parameter, flattened.
  [[nodiscard]] const Texts& variadic() const { return variadic_; }
  // Of all that strings(), pairs() and variadic() copy, each entry with what it takes beside its
  // text.
  [[nodiscard]] std::size_t bytes() const;
  // The argument's range at the call; not valid when it was not given.
  [[nodiscard]] Loc loc(std::string_view param) const;

 private:
  struct Bound {
    Value value;
    Loc loc;
  };
  friend class Binder;

  std::map<std::string_view, Bound> bound_;
  Texts variadic_;
};

}  // namespace strata::frontend::spec
