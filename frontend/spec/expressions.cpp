// Values of expressions: names, literals, sums, and chains of calls.
#include "frontend/spec/expressions.h"

#include <set>
#include <utility>

#include "ir/base/text.h"

namespace strata::frontend::spec {
namespace {

constexpr DiagnosticDef<std::string> kUnknownName{Kind::UnknownName, "unknown name `{}`"};
constexpr DiagnosticDef<std::string> kUsedBefore{Kind::UnknownName,
                                                 "`{}` is used before its definition"};
constexpr DiagnosticDef<std::string_view> kNotText{Kind::TypeMismatch,
                                                   "an f-string takes `str` and `int`, found `{}`"};
constexpr DiagnosticDef<std::string_view> kKeyType{Kind::TypeMismatch,
                                                   "a key is a `str`, found `{}`"};
constexpr DiagnosticDef<std::string> kKeyTwice{Kind::DuplicateName, "key `{}` is given twice"};
constexpr DiagnosticDef<char, std::string_view, std::string_view> kOperands{
    Kind::TypeMismatch, "`{}` does not take `{}` and `{}`"};
constexpr DiagnosticDef<> kOverflow{Kind::SpecLimit, "the sum is too large"};
constexpr DiagnosticDef<std::size_t> kTooLarge{Kind::SpecLimit,
                                               "the values of the file take more than {} MiB"};
constexpr DiagnosticDef<std::string_view, std::string> kUnknownMethod{Kind::UnknownMethod,
                                                                      "`{}` has no {}"};
constexpr DiagnosticDef<std::string> kMethodLater{Kind::UnsupportedMethod,
                                                  "`{}` is not supported yet"};
constexpr DiagnosticDef<std::string> kNotCalled{Kind::TypeMismatch, "method `{}` is not called"};
constexpr DiagnosticDef<std::string> kFunctionLater{Kind::UnsupportedSyntax,
                                                    "function `{}` is not supported yet"};
constexpr DiagnosticDef<std::string_view> kNotCallable{Kind::TypeMismatch,
                                                       "a `{}` is not a function"};

constexpr std::size_t kMaxMebibytes = 64;
// What a value takes beside its text.
constexpr std::size_t kValueSize = sizeof(Value);

const std::set<std::string, std::less<>>& later_functions() {
  static const std::set<std::string, std::less<>> names = {"cache", "files", "image_of", "secret"};
  return names;
}

Loc at_end(Loc loc) { return {loc.file, loc.end, loc.end}; }

}  // namespace

std::string_view type_name(const Value& value) {
  struct Namer {
    std::string_view operator()(const ErrorValue&) const { return "error"; }
    std::string_view operator()(const NoneValue&) const { return "None"; }
    std::string_view operator()(bool) const { return "bool"; }
    std::string_view operator()(std::int64_t) const { return "int"; }
    std::string_view operator()(const std::string&) const { return "str"; }
    std::string_view operator()(const ListValue&) const { return "list"; }
    std::string_view operator()(const DictValue&) const { return "dict"; }
    std::string_view operator()(const ImageId&) const { return "Image"; }
    std::string_view operator()(const ImageClass&) const { return "Image type"; }
    std::string_view operator()(const ModuleValue&) const { return "module"; }
  };
  return std::visit(Namer{}, value.data);
}

bool Expressions::spend(std::size_t bytes, Loc loc) {
  constexpr std::size_t kMax = kMaxMebibytes << 20U;
  if (spent_ > kMax) {
    return false;
  }
  spent_ += bytes;
  if (spent_ > kMax) {
    emitter_->emit(loc, kTooLarge, kMaxMebibytes);
    return false;
  }
  return true;
}

Value Expressions::evaluate(const Expr& expr) {
  struct Visitor {
    Expressions& self;
    Loc loc;
    Value operator()(const Unsupported&) const { return {loc, ErrorValue{}}; }
    Value operator()(const StringLiteral& literal) const { return {loc, literal.value}; }
    Value operator()(const IntLiteral& literal) const { return {loc, literal.value}; }
    Value operator()(const BoolLiteral& literal) const { return {loc, literal.value}; }
    Value operator()(const NoneLiteral&) const { return {loc, NoneValue{}}; }
    Value operator()(const NameRef& ref) const { return self.name(ref, loc); }
    Value operator()(const FString& fstring) const { return self.fstring(fstring, loc); }
    Value operator()(const ListExpr& list) const { return self.list(list, loc); }
    Value operator()(const DictExpr& dict) const { return self.dict(dict, loc); }
    Value operator()(const SumExpr& sum) const { return self.sum(sum, loc); }
    Value operator()(const ChainExpr& chain) const { return self.chain(chain, loc); }
  };
  return std::visit(Visitor{*this, expr.loc}, expr.data);
}

Value Expressions::name(const NameRef& ref, Loc loc) {
  if (const Binding* binding = scope_->use(ref.name)) {
    const auto* text = binding->value.as<std::string>();
    // A text is copied, everything else shared.
    if (text != nullptr && !spend(text->size(), loc)) {
      return {loc, ErrorValue{}};
    }
    return binding->value;
  }
  if (const auto later = later_->find(ref.name); later != later_->end()) {
    emitter_->emit(loc, kUsedBefore, ref.name).note(later->second, "defined here");
  } else if (later_functions().count(ref.name) != 0) {
    emitter_->emit(loc, kFunctionLater, ref.name);
  } else {
    auto pending = emitter_->emit(loc, kUnknownName, ref.name);
    if (const auto best = nearest(ref.name, scope_->names())) {
      pending.fix(loc, *best, "did you mean `" + *best + "`?");
    }
  }
  return {loc, ErrorValue{}};
}

Value Expressions::fstring(const FString& fstring, Loc loc) {
  std::string text;
  bool good = true;
  for (const Expr& piece : fstring.pieces) {
    const Value value = evaluate(piece);
    if (const auto* literal = value.as<std::string>()) {
      text += *literal;
    } else if (const auto* number = value.as<std::int64_t>()) {
      text += std::to_string(*number);
    } else {
      if (!value.is_error()) {
        emitter_->emit(piece.loc, kNotText, type_name(value));
      }
      good = false;
    }
  }
  if (!good || !spend(text.size(), loc)) {
    return {loc, ErrorValue{}};
  }
  return {loc, std::move(text)};
}

Value Expressions::list(const ListExpr& list, Loc loc) {
  auto items = std::make_shared<Values>();
  for (const Expr& item : list.items) {
    items->push_back(evaluate(item));
  }
  if (!spend(items->size() * kValueSize, loc)) {
    return {loc, ErrorValue{}};
  }
  return {loc, ListValue{std::move(items)}};
}

Value Expressions::dict(const DictExpr& dict, Loc loc) {
  auto entries = std::make_shared<std::vector<std::pair<std::string, Value>>>();
  std::map<std::string, Loc> seen;
  for (std::size_t i = 0; i + 1 < dict.keys_and_values.size(); i += 2) {
    const Expr& key_expr = dict.keys_and_values[i];
    const Value key = evaluate(key_expr);
    Value value = evaluate(dict.keys_and_values[i + 1]);
    const auto* text = key.as<std::string>();
    if (text == nullptr) {
      if (!key.is_error()) {
        emitter_->emit(key_expr.loc, kKeyType, type_name(key));
      }
      continue;
    }
    const auto [first, inserted] = seen.emplace(*text, key_expr.loc);
    if (!inserted) {
      emitter_->emit(key_expr.loc, kKeyTwice, *text).note(first->second, "given here first");
      continue;
    }
    entries->emplace_back(*text, std::move(value));
  }
  if (!spend(entries->size() * kValueSize, loc)) {
    return {loc, ErrorValue{}};
  }
  return {loc, DictValue{std::move(entries)}};
}

Value Expressions::sum(const SumExpr& sum, Loc loc) {
  Value result = evaluate(sum.operands.front());
  for (std::size_t i = 1; i < sum.operands.size(); ++i) {
    const Expr& operand = sum.operands[i];
    const Value right = evaluate(operand);
    if (result.is_error() || right.is_error()) {
      result = {loc, ErrorValue{}};
    } else if (sum.operators[i - 1] == '+') {
      result = add(result, right, loc, operand.loc);
    } else {
      result = merge(result, right, loc, operand.loc);
    }
  }
  result.loc = loc;
  return result;
}

Value Expressions::add(const Value& left, const Value& right, Loc loc, Loc right_loc) {
  const auto* text = left.as<std::string>();
  const auto* more_text = right.as<std::string>();
  if (text != nullptr && more_text != nullptr) {
    return spend(text->size() + more_text->size(), loc) ? Value{loc, *text + *more_text}
                                                        : Value{loc, ErrorValue{}};
  }
  const auto* items = left.as<ListValue>();
  const auto* more_items = right.as<ListValue>();
  if (items != nullptr && more_items != nullptr) {
    if (!spend((items->items->size() + more_items->items->size()) * kValueSize, loc)) {
      return {loc, ErrorValue{}};
    }
    auto joined = std::make_shared<Values>(*items->items);
    joined->insert(joined->end(), more_items->items->begin(), more_items->items->end());
    return {loc, ListValue{std::move(joined)}};
  }
  const auto* number = left.as<std::int64_t>();
  const auto* more = right.as<std::int64_t>();
  if (number != nullptr && more != nullptr) {
    std::int64_t total = 0;
    if (__builtin_add_overflow(*number, *more, &total)) {
      emitter_->emit(loc, kOverflow);
      return {loc, ErrorValue{}};
    }
    return {loc, total};
  }
  emitter_->emit(right_loc, kOperands, '+', type_name(left), type_name(right))
      .note("`+` joins two `str`, two `list` or two `int`");
  return {loc, ErrorValue{}};
}

Value Expressions::merge(const Value& left, const Value& right, Loc loc, Loc right_loc) {
  const auto* base = left.as<DictValue>();
  const auto* over = right.as<DictValue>();
  if (base == nullptr || over == nullptr) {
    emitter_->emit(right_loc, kOperands, '|', type_name(left), type_name(right))
        .note("`|` merges two `dict`");
    return {loc, ErrorValue{}};
  }
  if (!spend((base->entries->size() + over->entries->size()) * kValueSize, loc)) {
    return {loc, ErrorValue{}};
  }
  auto merged = std::make_shared<std::vector<std::pair<std::string, Value>>>(*base->entries);
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < merged->size(); ++i) {
    places.emplace((*merged)[i].first, i);
  }
  for (const auto& [key, value] : *over->entries) {
    const auto [place, inserted] = places.emplace(key, merged->size());
    if (inserted) {
      merged->emplace_back(key, value);
    } else {
      (*merged)[place->second].second = value;
    }
  }
  return {loc, DictValue{std::move(merged)}};
}

Value Expressions::chain(const ChainExpr& chain, Loc loc) {
  const Expr& base = chain.base.front();
  const auto* ref = std::get_if<NameRef>(&base.data);
  const bool unbound = ref != nullptr && scope_->find(ref->name) == nullptr;
  Value value = {base.loc, ErrorValue{}};
  const auto is_module = [&](std::string_view name) {
    return name == "strata" || name == "chalkcompute" || name == "modal" || name == "daytona";
  };
  if (unbound && is_module(ref->name)) {
    value = {base.loc, ModuleValue{ref->name}};
  } else {
    value = evaluate(base);
  }
  Loc before = base.loc;
  for (std::size_t i = 0; i < chain.suffixes.size() && !value.is_error(); ++i) {
    const Suffix& suffix = chain.suffixes[i];
    const auto* attribute_name = std::get_if<Attribute>(&suffix.data);
    if (attribute_name == nullptr) {
      value = call_of_name(chain, value, i == 0 ? base.loc : suffix.loc);
      continue;
    }
    const auto* arguments =
        i + 1 < chain.suffixes.size() ? std::get_if<Call>(&chain.suffixes[i + 1].data) : nullptr;
    if (arguments == nullptr) {
      value = attribute(value, *attribute_name, suffix.loc);
      before = suffix.loc;
      continue;
    }
    const Loc parentheses = chain.suffixes[i + 1].loc;
    const CallSite site{
        .whole = join(base.loc, parentheses),
        .call = join(suffix.loc, parentheses),
        .after_base = at_end(before),
        .chain_end = at_end(loc),
        .parentheses = parentheses,
        .last_argument =
            arguments->arguments.empty() ? Loc{} : arguments->arguments.back().value.front().loc,
    };
    value = call(value, *attribute_name, *arguments, suffix.loc, site);
    before = parentheses;
    ++i;
  }
  return value;
}

Value Expressions::attribute(const Value& object, const Attribute& attribute, Loc loc) {
  if (object.as<ModuleValue>() != nullptr && attribute.name == "Image") {
    return {loc, ImageClass{}};
  }
  const bool is_class = object.as<ImageClass>() != nullptr;
  const bool is_image = object.as<ImageId>() != nullptr;
  const MethodScope scope = is_class ? MethodScope::Constructors : MethodScope::Methods;
  if ((is_class || is_image) && find_method(scope, attribute.name) != nullptr) {
    emitter_->emit(loc, kNotCalled, attribute.name)
        .fix(at_end(loc), "()", "a call has parentheses");
  } else {
    emitter_->emit(loc, kUnknownMethod, type_name(object), "attribute `" + attribute.name + "`");
  }
  return {loc, ErrorValue{}};
}

Value Expressions::call_of_name(const ChainExpr& chain, const Value& callee, Loc loc) {
  auto pending = emitter_->emit(loc, kNotCallable, type_name(callee));
  if (callee.as<ImageClass>() != nullptr) {
    pending.note("an image begins with a constructor, as in `Image.debian_slim()`");
  }
  return {chain.base.front().loc, ErrorValue{}};
}

GivenCall Expressions::given(const Call& call, Loc name_loc, Loc parentheses) {
  GivenCall result{.arguments = {}, .name_loc = name_loc, .parentheses = parentheses};
  for (const Argument& argument : call.arguments) {
    const Expr& expr = argument.value.front();
    result.arguments.push_back({argument.name, argument.name_loc, expr.loc, evaluate(expr)});
  }
  return result;
}

Value Expressions::call(const Value& object, const Attribute& attribute, const Call& arguments,
                        Loc name_loc, const CallSite& site) {
  // Arguments are evaluated whatever the method, for the errors in them.
  const GivenCall call = given(arguments, name_loc, site.parentheses);
  Value failed{site.whole, ErrorValue{}};
  const bool is_class = object.as<ImageClass>() != nullptr;
  const auto* image = object.as<ImageId>();
  if (!is_class && image == nullptr) {
    emitter_->emit(name_loc, kUnknownMethod, type_name(object), "method `" + attribute.name + "`");
    return failed;
  }
  const MethodScope scope = is_class ? MethodScope::Constructors : MethodScope::Methods;
  const MethodScope other = is_class ? MethodScope::Methods : MethodScope::Constructors;
  const MethodDef* def = find_method(scope, attribute.name);
  if (def == nullptr) {
    auto pending = emitter_->emit(name_loc, kUnknownMethod, "Image",
                                  (is_class ? "constructor `" : "method `") + attribute.name + "`");
    if (find_method(other, attribute.name) != nullptr) {
      pending.note(is_class
                       ? "it is a method: an image begins with a constructor, as in "
                         "`Image.debian_slim()`"
                       : "it is a constructor: `Image." + attribute.name + "` begins an image");
    } else if (const auto best = nearest(attribute.name, method_names(scope))) {
      pending.fix(name_loc, *best, "did you mean `" + *best + "`?");
    }
    return failed;
  }
  if (def->method == Method::Later) {
    emitter_->emit(name_loc, kMethodLater, attribute.name);
    return failed;
  }
  const auto bound = Arguments::bind(*def, call, *emitter_);
  if (!bound) {
    return failed;
  }
  const auto made = methods_->call(*def, is_class ? ImageId() : *image, *bound, site);
  if (made) {
    return {site.whole, *made};
  }
  return failed;
}

}  // namespace strata::frontend::spec
