#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/base/source.h"

namespace strata::frontend::spec {

// The tree of a spec file. Every node has the range that it was written in. Constructs of the
// grammar that are not supported yet were reported while the tree was built and stand in it as
// Unsupported.

struct Expr;

struct StringLiteral {
  // Escapes resolved, a triple-quoted text dedented.
  std::string value;
};
struct IntLiteral {
  std::int64_t value = 0;
};
struct BoolLiteral {
  bool value = false;
};
struct NoneLiteral {};
struct NameRef {
  std::string name;
};
// Literal pieces (StringLiteral) and holes, in order.
struct FString {
  std::vector<Expr> pieces;
};
struct ListExpr {
  std::vector<Expr> items;
};
// Keys and values alternate.
struct DictExpr {
  std::vector<Expr> keys_and_values;
};
// operands[0] op[0] operands[1] …, left to right; each op is `+` or `|`. Flat, so that a long sum
// is not a deep tree.
struct SumExpr {
  std::vector<Expr> operands;
  std::vector<char> operators;
};

struct Argument {
  // nullopt: positional.
  std::optional<std::string> name;
  // The name's range, when there is one.
  Loc name_loc;
  std::vector<Expr> value;  // exactly one
};
struct Attribute {
  std::string name;
};
struct Call {
  std::vector<Argument> arguments;
};
struct Suffix {
  Loc loc;
  std::variant<Attribute, Call> data;
};
// base.name(…).name(…): flat, because chains are long.
struct ChainExpr {
  std::vector<Expr> base;  // exactly one
  std::vector<Suffix> suffixes;
};
// Reported already; evaluates to nothing.
struct Unsupported {
  // As in "`fn` definitions".
  std::string what;
};

struct Expr {
  Loc loc;
  std::variant<Unsupported, StringLiteral, IntLiteral, BoolLiteral, NoneLiteral, NameRef, FString,
               ListExpr, DictExpr, SumExpr, ChainExpr>
      data;
};

// `list[str]?` is {"list", {{"str"}}, optional}.
struct TypeExpr {
  Loc loc;
  std::string name;
  std::vector<TypeExpr> arguments;
  enum class Presence { Required, Optional } presence = Presence::Required;
};

struct EditionStatement {
  std::string edition;
};
struct ImportedName {
  Loc loc;
  std::string name;
  std::string as;
};
// `import modal`, `from modal import Image`; `names` is empty for the former.
struct ImportStatement {
  Loc module_loc;
  std::string module;
  std::string as;
  std::vector<ImportedName> names;
};
struct BindingStatement {
  Loc name_loc;
  std::string name;
  std::optional<TypeExpr> type;
  Expr value;
};
struct ImageStatement {
  // A StringLiteral or FString.
  Expr name;
  Expr value;
};
// A statement that was reported: not parsed, or not supported yet. `defines` are the names that it
// would have bound, so that their uses are not reported as unknown.
struct BrokenStatement {
  std::string what;
  std::vector<std::string> defines;
};

struct Statement {
  Loc loc;
  // The narrowest range that names the statement: its keyword.
  Loc keyword_loc;
  std::variant<BrokenStatement, EditionStatement, ImportStatement, BindingStatement, ImageStatement>
      data;
};

struct File {
  FileId id;
  std::vector<Statement> statements;
};

}  // namespace strata::frontend::spec
