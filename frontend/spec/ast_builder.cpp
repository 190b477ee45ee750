// ANTLR's tree of one statement → ours. Constructs of the grammar that are not supported yet are
// reported here, at the narrowest range that names them.
#include <charconv>
#include <string>
#include <utility>

#include "frontend/spec/antlr_internal.h"
#include "frontend/spec/string_literal.h"

namespace strata::frontend::spec::internal {
namespace {

constexpr DiagnosticDef<> kAdjacentStrings{Kind::AdjacentStrings, "adjacent string literals"};
constexpr DiagnosticDef<std::string> kUnsupported{Kind::UnsupportedSyntax, "{} not supported yet"};
constexpr DiagnosticDef<std::string, std::string> kBadEscape{Kind::BadLiteral, "`{}` {}"};
constexpr DiagnosticDef<std::string> kBadNumber{Kind::BadLiteral, "number `{}` is too large"};
constexpr DiagnosticDef<std::string> kFloat{Kind::BadLiteral,
                                            "`{}` is not a value of the language"};
constexpr DiagnosticDef<std::string> kOctal{Kind::BadLiteral, "number `{}` begins with a zero"};

// Stands for a hole while an f-string is dedented; no byte of a UTF-8 text.
constexpr char kHole = '\xFF';

class AstBuilder {
 public:
  AstBuilder(const TokenLocs& locs, Emitter& emitter) : locs_(&locs), emitter_(&emitter) {}

  Statement statement(SpecParser::StatementContext& context);

 private:
  Statement import_from(SpecParser::ImportFromContext& context);
  Statement import_module(SpecParser::ImportModuleContext& context);
  Statement binding(SpecParser::BindingContext& context);
  Statement image(SpecParser::ImageContext& context);
  Statement edition(SpecParser::EditionContext& context);
  Statement broken(const antlr4::ParserRuleContext& context, const std::string& what,
                   std::vector<std::string> defines);
  TypeExpr type(SpecParser::TypeContext& context);

  Expr expression(SpecParser::ExpressionContext& context);
  Expr or_test(SpecParser::OrTestContext& context);
  Expr sum(SpecParser::SumContext& context);
  Expr postfix(SpecParser::PostfixContext& context);
  Call call(SpecParser::ArgumentsContext& context);
  Expr primary(SpecParser::PrimaryContext& context);
  Expr strings(SpecParser::StringsContext& context);
  Expr fstring(SpecParser::FstringContext& context);
  Expr string(const antlr4::Token& token);
  Expr integer(const antlr4::Token& token);
  Expr real(const antlr4::Token& token);
  Expr list(SpecParser::ListContext& context);
  Expr dict(SpecParser::DictContext& context);
  Expr unsupported(Loc loc, Loc at, const std::string& what);

  std::string unescape_at(std::string_view text, Escapes escapes, Loc loc, Loc whole);

  const TokenLocs* locs_;
  Emitter* emitter_;
};

std::string name_of(SpecParser::IdContext& context) { return context.getText(); }

Statement AstBuilder::statement(SpecParser::StatementContext& context) {
  Statement result;
  if (auto* rule = context.edition()) {
    result = edition(*rule);
  } else if (auto* from = context.importFrom()) {
    result = import_from(*from);
  } else if (auto* module = context.importModule()) {
    result = import_module(*module);
  } else if (auto* assigned = context.binding()) {
    result = binding(*assigned);
  } else if (auto* declared = context.image()) {
    result = image(*declared);
  } else if (auto* imported = context.importSpec()) {
    result = broken(*imported, "imports of spec files are", {name_of(*imported->id())});
  } else if (auto* param = context.param()) {
    result = broken(*param, "`param` declarations are", {name_of(*param->id())});
  } else if (auto* fn = context.fn()) {
    result = broken(*fn, "`fn` definitions are", {name_of(*fn->id())});
  }
  result.keyword_loc = locs_->of(*context.start);
  return result;
}

Statement AstBuilder::broken(const antlr4::ParserRuleContext& context, const std::string& what,
                             std::vector<std::string> defines) {
  emitter_->emit(locs_->of(*context.start), kUnsupported, what);
  return Statement{locs_->of(context), {}, BrokenStatement{what, std::move(defines)}};
}

Statement AstBuilder::edition(SpecParser::EditionContext& context) {
  const antlr4::Token& token = *context.STRING()->getSymbol();
  Expr text = string(token);
  return Statement{
      locs_->of(context), {}, EditionStatement{std::get<StringLiteral>(text.data).value}};
}

Statement AstBuilder::import_from(SpecParser::ImportFromContext& context) {
  std::vector<std::string> defined;
  ImportStatement import;
  for (SpecParser::ImportNameContext* item : context.importName()) {
    ImportedName name{locs_->of(*item), name_of(*item->id(0)), {}};
    name.as = item->id().size() > 1 ? name_of(*item->id(1)) : name.name;
    defined.push_back(name.as);
    import.names.push_back(std::move(name));
  }
  if (context.STRING() != nullptr) {
    return broken(context, "imports of spec files are", std::move(defined));
  }
  import.module = name_of(*context.id());
  import.module_loc = locs_->of(*context.id());
  return Statement{locs_->of(context), {}, std::move(import)};
}

Statement AstBuilder::import_module(SpecParser::ImportModuleContext& context) {
  ImportStatement import;
  import.module = name_of(*context.id(0));
  import.module_loc = locs_->of(*context.id(0));
  import.as = context.id().size() > 1 ? name_of(*context.id(1)) : import.module;
  return Statement{locs_->of(context), {}, std::move(import)};
}

Statement AstBuilder::binding(SpecParser::BindingContext& context) {
  BindingStatement binding;
  binding.name = name_of(*context.id());
  binding.name_loc = locs_->of(*context.id());
  if (auto* annotation = context.type()) {
    binding.type = type(*annotation);
  }
  binding.value = expression(*context.expression());
  return Statement{locs_->of(context), {}, std::move(binding)};
}

Statement AstBuilder::image(SpecParser::ImageContext& context) {
  if (auto* matrix = context.imageFor()) {
    return broken(*matrix, "image matrices (`for`) are", {});
  }
  if (auto* with = context.imageWith()) {
    return broken(*with, "`with` arguments of an image are", {});
  }
  ImageStatement image;
  image.name = context.STRING() != nullptr ? string(*context.STRING()->getSymbol())
                                           : fstring(*context.fstring());
  image.value = expression(*context.expression());
  return Statement{locs_->of(context), {}, std::move(image)};
}

TypeExpr AstBuilder::type(SpecParser::TypeContext& context) {
  TypeExpr result;
  result.loc = locs_->of(context);
  result.name = context.id() != nullptr ? name_of(*context.id()) : "None";
  for (SpecParser::TypeContext* argument : context.type()) {
    result.arguments.push_back(type(*argument));
  }
  if (context.QUESTION() != nullptr) {
    result.presence = TypeExpr::Presence::Optional;
  }
  return result;
}

Expr AstBuilder::unsupported(Loc loc, Loc at, const std::string& what) {
  emitter_->emit(at, kUnsupported, what);
  return Expr{loc, Unsupported{what}};
}

Expr AstBuilder::expression(SpecParser::ExpressionContext& context) {
  if (context.IF() != nullptr) {
    return unsupported(locs_->of(context), locs_->of(*context.IF()->getSymbol()),
                       "conditional expressions are");
  }
  return or_test(*context.orTest(0));
}

Expr AstBuilder::or_test(SpecParser::OrTestContext& context) {
  const auto refuse = [&](antlr4::tree::TerminalNode& node) {
    return unsupported(locs_->of(context), locs_->of(*node.getSymbol()),
                       "`" + node.getSymbol()->getText() + "` expressions are");
  };
  if (!context.OR().empty()) {
    return refuse(*context.OR(0));
  }
  SpecParser::AndTestContext& conjunction = *context.andTest(0);
  if (!conjunction.AND().empty()) {
    return refuse(*conjunction.AND(0));
  }
  SpecParser::NotTestContext& negation = *conjunction.notTest(0);
  if (negation.NOT() != nullptr) {
    return refuse(*negation.NOT());
  }
  SpecParser::ComparisonContext& comparison = *negation.comparison();
  if (auto* comparator = comparison.comparator()) {
    return unsupported(locs_->of(context), locs_->of(*comparator), "comparisons are");
  }
  return sum(*comparison.sum(0));
}

Expr AstBuilder::sum(SpecParser::SumContext& context) {
  if (context.postfix().size() == 1) {
    return postfix(*context.postfix(0));
  }
  SumExpr result;
  for (antlr4::tree::ParseTree* child : context.children) {
    if (auto* operand = dynamic_cast<SpecParser::PostfixContext*>(child)) {
      result.operands.push_back(postfix(*operand));
    } else {
      result.operators.push_back(child->getText().front());
    }
  }
  return Expr{locs_->of(context), std::move(result)};
}

Expr AstBuilder::postfix(SpecParser::PostfixContext& context) {
  Expr base = primary(*context.primary());
  if (context.suffix().empty()) {
    return base;
  }
  ChainExpr chain;
  chain.base.push_back(std::move(base));
  for (SpecParser::SuffixContext* suffix : context.suffix()) {
    const Loc loc = locs_->of(*suffix);
    if (suffix->DOT() != nullptr) {
      chain.suffixes.push_back({locs_->of(*suffix->id()), Attribute{name_of(*suffix->id())}});
    } else if (auto* arguments = suffix->arguments()) {
      chain.suffixes.push_back({loc, call(*arguments)});
    } else {
      return unsupported(locs_->of(context), loc, "index expressions are");
    }
  }
  return Expr{locs_->of(context), std::move(chain)};
}

Call AstBuilder::call(SpecParser::ArgumentsContext& context) {
  Call result;
  for (SpecParser::ArgumentContext* item : context.argument()) {
    Argument argument;
    if (item->STAR() != nullptr) {
      argument.value.push_back(
          unsupported(locs_->of(*item), locs_->of(*item), "unpacked arguments (`*`) are"));
    } else {
      if (item->id() != nullptr) {
        argument.name = name_of(*item->id());
        argument.name_loc = locs_->of(*item->id());
      }
      argument.value.push_back(expression(*item->expression()));
    }
    result.arguments.push_back(std::move(argument));
  }
  return result;
}

Expr AstBuilder::primary(SpecParser::PrimaryContext& context) {
  const Loc loc = locs_->of(context);
  if (auto* rule = context.strings()) {
    return strings(*rule);
  }
  if (context.INT() != nullptr) {
    return integer(*context.start);
  }
  if (context.FLOAT() != nullptr) {
    return real(*context.start);
  }
  if (context.TRUE() != nullptr || context.FALSE() != nullptr) {
    return Expr{loc, BoolLiteral{context.TRUE() != nullptr}};
  }
  if (context.NONE() != nullptr) {
    return Expr{loc, NoneLiteral{}};
  }
  if (auto* id = context.id()) {
    return Expr{loc, NameRef{name_of(*id)}};
  }
  if (auto* inner = context.expression()) {
    // The range of what stands inside: parentheses say nothing.
    return expression(*inner);
  }
  if (auto* items = context.list()) {
    return list(*items);
  }
  return dict(*context.dict());
}

Expr AstBuilder::strings(SpecParser::StringsContext& context) {
  std::vector<Expr> literals;
  for (antlr4::tree::ParseTree* child : context.children) {
    if (auto* rule = dynamic_cast<SpecParser::FstringContext*>(child)) {
      literals.push_back(fstring(*rule));
    } else {
      literals.push_back(string(*dynamic_cast<antlr4::tree::TerminalNode&>(*child).getSymbol()));
    }
  }
  for (std::size_t i = 1; i < literals.size(); ++i) {
    const Loc first = literals[i - 1].loc;
    const Loc gap{first.file, first.end, first.end};
    emitter_->emit(literals[i].loc, kAdjacentStrings)
        .label(first, "after this one")
        .fix(gap, ",", "add `,` to pass two values")
        .fix(gap, " +", "or join explicitly with `+`");
  }
  if (literals.size() > 1) {
    return Expr{locs_->of(context), Unsupported{"adjacent string literals"}};
  }
  return std::move(literals.front());
}

std::string AstBuilder::unescape_at(std::string_view text, Escapes escapes, Loc loc, Loc whole) {
  return unescape(text, escapes, [&](std::size_t begin, std::size_t end, std::string_view reason) {
    Loc at = whole;
    if (loc.valid()) {
      at = Loc{loc.file, loc.begin + static_cast<std::uint32_t>(begin),
               loc.begin + static_cast<std::uint32_t>(end)};
    }
    emitter_->emit(at, kBadEscape, std::string(text.substr(begin, end - begin)),
                   std::string(reason));
  });
}

// How a string literal is opened: prefix letters and quotes.
struct Opening {
  std::size_t prefix = 0;
  std::size_t quotes = 1;
  Escapes escapes = Escapes::Python;
};

Opening opening_of(std::string_view text) {
  Opening opening;
  opening.prefix = text.find_first_of("'\"");
  const std::string_view letters = text.substr(0, opening.prefix);
  if (letters.find_first_of("rR") != std::string_view::npos) {
    opening.escapes = Escapes::Raw;
  }
  const std::string_view rest = text.substr(opening.prefix);
  if (rest.size() >= 3 && rest[1] == rest[0] && rest[2] == rest[0]) {
    opening.quotes = 3;
  }
  return opening;
}

Expr AstBuilder::string(const antlr4::Token& token) {
  const Loc whole = locs_->of(token);
  const std::string text = token.getText();
  const Opening opening = opening_of(text);
  // `""` is no opening of three.
  const std::size_t quotes = text.size() >= opening.prefix + 6 ? opening.quotes : 1;
  const std::size_t head = opening.prefix + quotes;
  const std::string_view body = std::string_view(text).substr(head, text.size() - head - quotes);
  if (quotes == 3) {
    // Dedented before escapes are resolved: a `\n` makes no line of the source.
    return Expr{whole, StringLiteral{unescape_at(dedent(body), opening.escapes, Loc{}, whole)}};
  }
  const Loc inner{whole.file, whole.begin + static_cast<std::uint32_t>(head), whole.end};
  return Expr{whole, StringLiteral{unescape_at(body, opening.escapes, inner, whole)}};
}

Expr AstBuilder::fstring(SpecParser::FstringContext& context) {
  const Loc whole = locs_->of(context);
  const Opening opening = opening_of(context.start->getText());
  std::string joined;
  std::vector<Expr> holes;
  for (SpecParser::FstringPartContext* part : context.fstringPart()) {
    if (part->expression() != nullptr) {
      joined += kHole;
      holes.push_back(expression(*part->expression()));
    } else if (part->FSTRING_BRACE() != nullptr) {
      joined += part->getText().front();
    } else {
      joined += part->getText();
    }
  }
  if (opening.quotes == 3) {
    joined = dedent(joined);
  }
  FString result;
  std::size_t begin = 0;
  for (std::size_t i = 0;; ++i) {
    const std::size_t end = std::min(joined.find(kHole, begin), joined.size());
    if (end > begin) {
      result.pieces.push_back(
          Expr{whole, StringLiteral{unescape_at(std::string_view(joined).substr(begin, end - begin),
                                                opening.escapes, Loc{}, whole)}});
    }
    if (i == holes.size()) {
      return Expr{whole, std::move(result)};
    }
    result.pieces.push_back(std::move(holes[i]));
    begin = end + 1;
  }
}

Expr AstBuilder::integer(const antlr4::Token& token) {
  const Loc loc = locs_->of(token);
  const std::string text = token.getText();
  const bool octal = text.size() > 2 && (text[1] == 'o' || text[1] == 'O');
  if (!octal && text.size() > 1 && text[0] == '0') {
    emitter_->emit(loc, kOctal, text).fix(loc, "0o" + text.substr(1), "an octal number is `0o…`");
    return Expr{loc, Unsupported{"number"}};
  }
  IntLiteral literal;
  const char* const begin = text.data() + (octal ? 2 : 0);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, literal.value, octal ? 8 : 10);
  if (error != std::errc() || stop != end) {
    emitter_->emit(loc, kBadNumber, text);
    return Expr{loc, Unsupported{"number"}};
  }
  return Expr{loc, literal};
}

Expr AstBuilder::real(const antlr4::Token& token) {
  const Loc loc = locs_->of(token);
  const std::string text = token.getText();
  emitter_->emit(loc, kFloat, text)
      .note("there are no fractional numbers; a version is a string")
      .fix(loc, "\"" + text + "\"", "write `\"" + text + "\"`");
  return Expr{loc, Unsupported{"number"}};
}

Expr AstBuilder::list(SpecParser::ListContext& context) {
  if (context.FOR() != nullptr) {
    return unsupported(locs_->of(context), locs_->of(*context.FOR()->getSymbol()),
                       "comprehensions are");
  }
  ListExpr result;
  for (SpecParser::ExpressionContext* item : context.expression()) {
    result.items.push_back(expression(*item));
  }
  return Expr{locs_->of(context), std::move(result)};
}

Expr AstBuilder::dict(SpecParser::DictContext& context) {
  DictExpr result;
  for (SpecParser::EntryContext* entry : context.entry()) {
    result.keys_and_values.push_back(expression(*entry->expression(0)));
    result.keys_and_values.push_back(expression(*entry->expression(1)));
  }
  return Expr{locs_->of(context), std::move(result)};
}

}  // namespace

Statement build_statement(SpecParser::StatementContext& context, const TokenLocs& locs,
                          Emitter& emitter) {
  return AstBuilder(locs, emitter).statement(context);
}

}  // namespace strata::frontend::spec::internal
