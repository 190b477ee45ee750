// Statement by statement: binds names, declares images, and finds what the file exports.
#include "frontend/spec/evaluate.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "frontend/spec/expressions.h"
#include "ir/base/text.h"

namespace strata::frontend::spec {
namespace {

constexpr DiagnosticDef<std::string_view> kMissingEdition{
    Kind::MissingEdition, "no edition is declared; the newest, `{}`, is used"};
constexpr DiagnosticDef<std::string> kUnknownEdition{Kind::UnknownEdition, "unknown edition `{}`"};
constexpr DiagnosticDef<> kEditionNotFirst{Kind::SpecSyntax, "`edition` after another statement"};
constexpr DiagnosticDef<std::string> kDefinedTwice{Kind::DuplicateName, "`{}` is defined twice"};
constexpr DiagnosticDef<std::string> kImageTwice{Kind::DuplicateName,
                                                 "image `{}` is declared twice"};
constexpr DiagnosticDef<std::string> kUnknownModule{Kind::UnknownName, "unknown module `{}`"};
constexpr DiagnosticDef<std::string, std::string> kUnknownImport{Kind::UnknownName,
                                                                 "`{}` has no `{}`"};
constexpr DiagnosticDef<std::string_view> kNotAnImage{Kind::TypeMismatch,
                                                      "an `Image` is declared, found `{}`"};
constexpr DiagnosticDef<std::string> kBadImageName{Kind::BadArgument,
                                                   "`{}` is not the name of an image"};
constexpr DiagnosticDef<std::string> kUnknownType{Kind::UnknownName, "unknown type `{}`"};
constexpr DiagnosticDef<std::string> kTypeLater{Kind::UnsupportedSyntax,
                                                "type `{}` is not supported yet"};
constexpr DiagnosticDef<std::string> kTypeArguments{Kind::TypeMismatch,
                                                    "wrong number of arguments of type `{}`"};
constexpr DiagnosticDef<std::string, std::string_view> kAnnotation{Kind::TypeMismatch,
                                                                   "declared as `{}`, found `{}`"};

constexpr std::array<std::string_view, 4> kModules = {"strata", "chalkcompute", "modal", "daytona"};
const std::vector<std::string> kTypes = {"str", "int", "bool", "list", "dict", "Image"};
const std::set<std::string> kLaterTypes = {"path", "files", "cache", "secret", "platform"};

bool is_module(std::string_view name) {
  return std::find(kModules.begin(), kModules.end(), name) != kModules.end();
}

bool is_image_name(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const auto is_inner = [&](char c) { return is_word(c) || c == '.' || c == '-'; };
  return !name.empty() && is_word(name.front()) && std::all_of(name.begin(), name.end(), is_inner);
}

class Evaluator {
 public:
  Evaluator(const File& file, const SourceMap& sources, Budget& budget, Emitter& emitter)
      : file_(&file),
        budget_(&budget),
        emitter_(&emitter),
        methods_(sources, budget, emitter),
        expressions_(scope_, later_, methods_, emitter) {
    scope_.bind("Image", {.value = {{}, ImageClass{}}, .name_loc = {}});
  }

  Evaluation run() {
    find_later_names();
    check_edition();
    for (const Statement& statement : file_->statements) {
      std::visit([&](const auto& data) { evaluate(statement, data); }, statement.data);
      if (budget_->exhausted()) {
        has_broken_ = true;
        break;
      }
    }
    if (declared_.empty() && !has_broken_) {
      export_sinks();
    }
    return {methods_.take_graph(), std::move(declared_)};
  }

 private:
  void find_later_names() {
    for (const Statement& statement : file_->statements) {
      if (const auto* binding = std::get_if<BindingStatement>(&statement.data)) {
        later_.emplace(binding->name, binding->name_loc);
      }
    }
  }

  void check_edition() {
    const auto& statements = file_->statements;
    const bool declared =
        !statements.empty() && std::holds_alternative<EditionStatement>(statements[0].data);
    if (!declared && !statements.empty()) {
      // The declaration may be what is broken.
      if (std::holds_alternative<BrokenStatement>(statements[0].data)) {
        return;
      }
      const std::string newest(newest_edition().name);
      emitter_->emit({file_->id, 0, 0}, kMissingEdition, newest)
          .fix({file_->id, 0, 0}, "edition \"" + newest + "\"\n",
               "add `edition \"" + newest + "\"` to pin it");
    }
  }

  void evaluate(const Statement& statement, const EditionStatement& edition) {
    if (&statement != &file_->statements.front()) {
      emitter_->emit(statement.keyword_loc, kEditionNotFirst)
          .note("it is the first statement of a file");
      return;
    }
    if (const Edition* found = find_edition(edition.edition)) {
      methods_.set_edition(*found);
      return;
    }
    const Loc loc{statement.loc.file, statement.keyword_loc.end + 1, statement.loc.end};
    std::string known;
    for (const std::string& name : edition_names()) {
      known += (known.empty() ? "`" : ", `") + name + "`";
    }
    emitter_->emit(loc, kUnknownEdition, edition.edition).note("known: " + known);
  }

  void evaluate(const Statement& /*statement*/, const BrokenStatement& broken) {
    has_broken_ = true;
    for (const std::string& name : broken.defines) {
      if (scope_.find(name) == nullptr) {
        scope_.bind(name, {.value = {{}, ErrorValue{}}, .name_loc = {}});
      }
    }
  }

  void evaluate(const Statement& /*statement*/, const ImportStatement& import) {
    if (!is_module(import.module)) {
      auto pending = emitter_->emit(import.module_loc, kUnknownModule, import.module);
      pending.note("only `Image` is imported, from strata, chalkcompute, modal or daytona");
      const auto best = nearest(import.module, {kModules.begin(), kModules.end()});
      if (best) {
        pending.fix(import.module_loc, *best, "did you mean `" + *best + "`?");
      }
      for (const ImportedName& name : import.names) {
        scope_.bind(name.as, {.value = {{}, ErrorValue{}}, .name_loc = {}});
      }
      return;
    }
    if (import.names.empty()) {
      scope_.bind(import.as, {.value = {{}, ModuleValue{import.module}}, .name_loc = {}});
    }
    for (const ImportedName& name : import.names) {
      Value value{{}, ImageClass{}};
      if (name.name != "Image") {
        emitter_->emit(name.loc, kUnknownImport, import.module, name.name)
            .note("only `Image` is imported");
        value.data = ErrorValue{};
      }
      scope_.bind(name.as, {.value = std::move(value), .name_loc = {}});
    }
  }

  void evaluate(const Statement& /*statement*/, const BindingStatement& binding) {
    Value value = expressions_.evaluate(binding.value);
    if (binding.type && !value.is_error() && !check_type(*binding.type, value)) {
      value.data = ErrorValue{};
    }
    if (const Binding* before = scope_.find(binding.name)) {
      // The name of a broken statement, or of an unknown import, says nothing.
      if (before->name_loc.valid() || !before->value.is_error()) {
        auto pending = emitter_->emit(binding.name_loc, kDefinedTwice, binding.name);
        if (before->name_loc.valid()) {
          pending.note(before->name_loc, "defined here first");
        } else {
          pending.note("it is the name of what the language offers");
        }
        pending.note("a name is assigned once; images are immutable, so give the next one a name");
      }
      return;
    }
    later_.erase(binding.name);
    scope_.bind(binding.name, {.value = std::move(value), .name_loc = binding.name_loc});
    bindings_.push_back(binding.name);
  }

  void evaluate(const Statement& /*statement*/, const ImageStatement& image) {
    const Value name = expressions_.evaluate(image.name);
    const Value value = expressions_.evaluate(image.value);
    const auto* text = name.as<std::string>();
    const auto* id = value.as<ImageId>();
    if (id == nullptr && !value.is_error()) {
      emitter_->emit(image.value.loc, kNotAnImage, type_name(value));
    }
    if (text != nullptr && !is_image_name(*text)) {
      emitter_->emit(image.name.loc, kBadImageName, *text)
          .note(
              "a name has letters, digits, `_`, `.` and `-`, and begins with one of the first "
              "three");
    } else if (text != nullptr) {
      const auto [first, inserted] = image_names_.emplace(*text, image.name.loc);
      if (!inserted) {
        emitter_->emit(image.name.loc, kImageTwice, *text)
            .note(first->second, "declared here first");
      } else if (id != nullptr) {
        declared_.push_back({*text, image.name.loc, *id});
        return;
      }
    }
    has_broken_ = true;
  }

  // A file without declarations exports what no other statement reads.
  void export_sinks() {
    for (const std::string& name : bindings_) {
      const Binding& binding = *scope_.find(name);
      const auto* id = binding.value.as<ImageId>();
      if (id != nullptr && !binding.used) {
        declared_.push_back({name, binding.name_loc, *id});
      }
    }
  }

  bool check_type(const TypeExpr& type, const Value& value) {
    if (kLaterTypes.count(type.name) != 0) {
      emitter_->emit(type.loc, kTypeLater, type.name);
      return false;
    }
    if (std::find(kTypes.begin(), kTypes.end(), type.name) == kTypes.end()) {
      auto pending = emitter_->emit(type.loc, kUnknownType, type.name);
      if (const auto best = nearest(type.name, kTypes)) {
        pending.note("did you mean `" + *best + "`?");
      }
      return false;
    }
    const std::size_t wanted = type.name == "list" ? 1 : (type.name == "dict" ? 2 : 0);
    if (type.arguments.size() != wanted && !type.arguments.empty()) {
      emitter_->emit(type.loc, kTypeArguments, type.name);
      return false;
    }
    return check_value(type, value);
  }

  bool check_value(const TypeExpr& type, const Value& value) {
    const bool none = value.as<NoneValue>() != nullptr;
    if (value.is_error() || (none && type.presence == TypeExpr::Presence::Optional)) {
      return true;
    }
    if (type_name(value) != type.name) {
      auto pending = emitter_->emit(value.loc, kAnnotation, type.name, type_name(value));
      pending.note(type.loc, "declared here");
      return false;
    }
    if (type.arguments.empty()) {
      return true;
    }
    if (const auto* list = value.as<ListValue>()) {
      return std::all_of(list->items->begin(), list->items->end(),
                         [&](const Value& item) { return check_type(type.arguments[0], item); });
    }
    const auto& entries = *value.as<DictValue>()->entries;
    return std::all_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return check_type(type.arguments[0], Value{value.loc, entry.first}) &&
             check_type(type.arguments[1], entry.second);
    });
  }

  const File* file_;
  Budget* budget_;
  Emitter* emitter_;
  Scope scope_;
  std::map<std::string, Loc> later_;
  ImageMethods methods_;
  Expressions expressions_;
  // Names bound by binding statements, in order.
  std::vector<std::string> bindings_;
  std::map<std::string, Loc> image_names_;
  std::vector<Export> declared_;
  bool has_broken_ = false;
};

}  // namespace

Evaluation evaluate(const File& file, const SourceMap& sources, Budget& budget, Emitter& emitter) {
  return Evaluator(file, sources, budget, emitter).run();
}

}  // namespace strata::frontend::spec
