// Matches a call's arguments with the parameters of the method table, and checks their types.
#include "frontend/spec/arguments.h"

#include <algorithm>
#include <utility>

#include "ir/base/check.h"
#include "ir/base/text.h"

namespace strata::frontend::spec {
namespace {

constexpr DiagnosticDef<std::string_view, std::string> kUnknownKeyword{
    Kind::UnknownKeyword, "`{}` has no parameter `{}`"};
constexpr DiagnosticDef<std::string_view, std::string> kKeywordLater{
    Kind::UnsupportedMethod, "parameter `{1}` of `{0}` is not supported yet"};
constexpr DiagnosticDef<std::string_view> kTooMany{Kind::UnexpectedArgument,
                                                   "`{}` takes no further argument"};
constexpr DiagnosticDef<std::string> kTwice{Kind::UnexpectedArgument,
                                            "parameter `{}` is given twice"};
constexpr DiagnosticDef<std::string_view, std::string_view> kMissing{
    Kind::MissingArgument, "`{}` needs its argument `{}`"};
constexpr DiagnosticDef<std::string_view, std::string_view, std::string_view> kTypeMismatch{
    Kind::TypeMismatch, "`{}` takes {}, found `{}`"};

std::string_view describe(ParamType type) {
  switch (type) {
    case ParamType::String:
      return "a `str`";
    case ParamType::Bool:
      return "a `bool`";
    case ParamType::StringList:
      return "a `list` of `str`";
    case ParamType::Strings:
      return "a `str` or a `list` of `str`";
    case ParamType::StringDict:
      return "a `dict` of `str`";
  }
  return {};
}

// The value that makes `value` not of `type`: itself, or an element. nullptr when it fits.
const Value* misfit(const Value& value, ParamType type) {
  const auto misfit_of_list = [&]() -> const Value* {
    const auto* list = value.as<ListValue>();
    if (list == nullptr) {
      return &value;
    }
    for (const Value& item : *list->items) {
      if (item.as<std::string>() == nullptr) {
        return &item;
      }
    }
    return nullptr;
  };
  switch (type) {
    case ParamType::String:
      return value.as<std::string>() != nullptr ? nullptr : &value;
    case ParamType::Bool:
      return value.as<bool>() != nullptr ? nullptr : &value;
    case ParamType::StringList:
      return misfit_of_list();
    case ParamType::Strings:
      return value.as<std::string>() != nullptr ? nullptr : misfit_of_list();
    case ParamType::StringDict:
      break;
  }
  const auto* dict = value.as<DictValue>();
  if (dict == nullptr) {
    return &value;
  }
  for (const auto& [key, entry] : *dict->entries) {
    if (entry.as<std::string>() == nullptr) {
      return &entry;
    }
  }
  return nullptr;
}

void append_texts(const Value& value, Texts& texts) {
  if (const auto* text = value.as<std::string>()) {
    texts.push_back({*text, value.loc});
  } else if (const auto* list = value.as<ListValue>()) {
    for (const Value& item : *list->items) {
      texts.push_back({*item.as<std::string>(), item.loc});
    }
  }
}

std::vector<std::string> param_names(const MethodDef& def) {
  std::vector<std::string> names;
  for (const Param& param : def.params) {
    if (param.passing != Param::Passing::Variadic) {
      names.emplace_back(param.name);
    }
  }
  return names;
}

}  // namespace

class Binder {
 public:
  Binder(const MethodDef& def, const GivenCall& call, Emitter& emitter)
      : def_(&def), call_(&call), emitter_(&emitter) {}

  std::optional<Arguments> run() {
    for (const GivenArgument& argument : call_->arguments) {
      const Param* param = argument.name ? keyword(argument) : next_positional(argument);
      if (param != nullptr) {
        bind(*param, argument);
      }
    }
    check_missing();
    if (!good_) {
      return std::nullopt;
    }
    return std::move(result_);
  }

 private:
  const Param* keyword(const GivenArgument& argument) {
    for (const Param& param : def_->params) {
      if (param.name != *argument.name) {
        continue;
      }
      if (param.status == Param::Status::Later) {
        fail(emitter_->emit(argument.name_loc, kKeywordLater, def_->name, *argument.name));
        return nullptr;
      }
      return &param;
    }
    auto pending = emitter_->emit(argument.name_loc, kUnknownKeyword, def_->name, *argument.name);
    if (const auto best = nearest(*argument.name, param_names(*def_))) {
      pending.fix(argument.name_loc, *best, "did you mean `" + *best + "`?");
    }
    good_ = false;
    return nullptr;
  }

  const Param* next_positional(const GivenArgument& argument) {
    while (next_ < def_->params.size()) {
      const Param& param = def_->params[next_];
      if (param.passing == Param::Passing::Variadic) {
        return &param;
      }
      ++next_;
      if (param.passing == Param::Passing::Positional) {
        return &param;
      }
    }
    auto pending = emitter_->emit(argument.loc, kTooMany, def_->name);
    for (const Param& param : def_->params) {
      if (param.passing == Param::Passing::KeywordOnly &&
          param.status == Param::Status::Supported) {
        pending.note("`" + std::string(param.name) + "` is given by name, as in `" +
                     std::string(param.name) + "=…`");
        break;
      }
    }
    good_ = false;
    return nullptr;
  }

  void bind(const Param& param, const GivenArgument& argument) {
    if (argument.value.is_error()) {
      good_ = false;
      given_.push_back(param.name);
      return;
    }
    const bool variadic = param.passing == Param::Passing::Variadic;
    const bool seen = std::find(given_.begin(), given_.end(), param.name) != given_.end();
    if (seen && (!variadic || argument.name)) {
      fail(emitter_->emit(argument.name ? argument.name_loc : argument.loc, kTwice,
                          std::string(param.name)));
      return;
    }
    given_.push_back(param.name);
    if (argument.value.as<NoneValue>() != nullptr && param.need == Param::Need::Optional) {
      return;
    }
    if (!check_type(param, argument)) {
      good_ = false;
      return;
    }
    if (variadic) {
      append_texts(argument.value, result_.variadic_);
    } else {
      result_.bound_.emplace(param.name, Arguments::Bound{argument.value, argument.loc});
    }
  }

  bool check_type(const Param& param, const GivenArgument& argument) {
    const bool variadic = param.passing == Param::Passing::Variadic;
    const ParamType type = variadic ? ParamType::Strings : param.type;
    const Value* wrong = misfit(argument.value, type);
    if (wrong == nullptr) {
      return true;
    }
    if (wrong->is_error()) {
      return false;
    }
    const bool here = wrong->loc.file == argument.loc.file &&
                      wrong->loc.begin >= argument.loc.begin && wrong->loc.end <= argument.loc.end;
    auto pending =
        emitter_->emit(here ? wrong->loc : argument.loc, kTypeMismatch,
                       variadic ? def_->name : param.name, describe(type), type_name(*wrong));
    if (!here && wrong->loc.valid()) {
      pending.note(wrong->loc, "the value comes from here");
    }
    if (type == ParamType::StringList && wrong->as<std::string>() != nullptr) {
      pending.note("each argument is an element, as in `[\"python\", \"app.py\"]`");
    }
    if (wrong->as<std::int64_t>() != nullptr && type != ParamType::Bool) {
      pending.note("write the number as a string, in quotes");
    }
    return false;
  }

  void check_missing() {
    for (const Param& param : def_->params) {
      if (param.need == Param::Need::Required &&
          std::find(given_.begin(), given_.end(), param.name) == given_.end()) {
        fail(emitter_->emit(call_->parentheses, kMissing, def_->name, param.name));
      }
    }
  }

  void fail(const Emitter::Pending& /*reported*/) { good_ = false; }

  const MethodDef* def_;
  const GivenCall* call_;
  Emitter* emitter_;
  Arguments result_;
  std::vector<std::string_view> given_;
  std::size_t next_ = 0;
  bool good_ = true;
};

std::optional<Arguments> Arguments::bind(const MethodDef& def, const GivenCall& call,
                                         Emitter& emitter) {
  return Binder(def, call, emitter).run();
}

std::optional<Text> Arguments::string(std::string_view param) const {
  const auto found = bound_.find(param);
  if (found == bound_.end()) {
    return std::nullopt;
  }
  return Text{*found->second.value.as<std::string>(), found->second.loc};
}

std::optional<bool> Arguments::boolean(std::string_view param) const {
  const auto found = bound_.find(param);
  if (found == bound_.end()) {
    return std::nullopt;
  }
  return *found->second.value.as<bool>();
}

Texts Arguments::strings(std::string_view param) const {
  Texts texts;
  const auto found = bound_.find(param);
  if (found != bound_.end()) {
    append_texts(found->second.value, texts);
  }
  return texts;
}

ir::Pairs Arguments::pairs(std::string_view param) const {
  ir::Pairs pairs;
  const auto found = bound_.find(param);
  if (found != bound_.end()) {
    for (const auto& [key, value] : *found->second.value.as<DictValue>()->entries) {
      pairs.emplace_back(key, *value.as<std::string>());
    }
  }
  return pairs;
}

std::size_t Arguments::bytes() const {
  std::size_t bytes = 0;
  const auto add = [&](const Value& value) {
    const auto* text = value.as<std::string>();
    bytes += sizeof(std::string) + (text == nullptr ? 0 : text->size());
  };
  for (const Text& text : variadic_) {
    bytes += sizeof(Text) + text.text.size();
  }
  for (const auto& [param, bound] : bound_) {
    add(bound.value);
    if (const auto* list = bound.value.as<ListValue>()) {
      std::for_each(list->items->begin(), list->items->end(), add);
    } else if (const auto* dict = bound.value.as<DictValue>()) {
      for (const auto& [key, value] : *dict->entries) {
        bytes += sizeof(std::string) + key.size();
        add(value);
      }
    }
  }
  return bytes;
}

Loc Arguments::loc(std::string_view param) const {
  const auto found = bound_.find(param);
  return found == bound_.end() ? Loc{} : found->second.loc;
}

}  // namespace strata::frontend::spec
