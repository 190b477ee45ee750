// `# check=`: which warnings are shown, and whether they end the build.
#include "frontend/dockerfile/checks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ir/base/text.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kBadOption{
    Kind::BadDirective, "`{}` is none of `skip=RULE,…`, `experimental=RULE,…`, `error=true`"};
constexpr DiagnosticDef<std::string> kChecksFailed{
    Kind::ChecksFailed, "`error=true` makes errors of the warnings of {}"};

constexpr std::string_view kBlanks = " \t\v\f\r";

struct CheckSettings {
  std::set<std::string, std::less<>> skipped;
  bool skip_all = false;
  bool warnings_are_errors = false;
  // Of the directive; not valid for the build argument.
  Loc loc;
};

// BuildKit's rule that a warning is, or "": those that strata has so far.
std::string_view rule_of(Kind kind) {
  switch (kind) {
    case Kind::DuplicateStage:
      return "DuplicateStageName";
    case Kind::EmptyContinuation:
      return "NoEmptyContinuation";
    case Kind::ExposeHostPart:
      return "ExposeInvalidFormat";
    default:
      return "";
  }
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::size_t end = text.find_last_not_of(kBlanks);
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

// As Go's strconv.ParseBool.
std::optional<bool> parse_bool(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) {
    return true;
  }
  return std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end() ? std::optional(false)
                                                                       : std::nullopt;
}

// False when `option` is none that there is.
bool apply_option(std::string_view option, CheckSettings& settings) {
  const std::size_t equals = option.find('=');
  if (equals == std::string_view::npos) {
    return false;
  }
  const std::string_view name = trim(option.substr(0, equals));
  const std::string_view value = trim(option.substr(equals + 1));
  if (name == "error") {
    const auto given = parse_bool(value);
    settings.warnings_are_errors = given.value_or(false);
    return given.has_value();
  }
  if (name == "skip") {
    settings.skip_all = value == "all";
    settings.skipped.clear();
    for (const std::string_view rule : split(value, ',')) {
      settings.skipped.emplace(trim(rule));
    }
    return true;
  }
  // None of the checks that strata has is experimental.
  return name == "experimental";
}

CheckSettings parse_settings(const Word& text, Emitter& emitter) {
  CheckSettings settings;
  settings.loc = text.loc;
  if (trim(text.text).empty()) {
    return settings;
  }
  for (const std::string_view option : split(text.text, ';')) {
    if (!apply_option(option, settings)) {
      emitter.emit(text.loc, kBadOption, std::string(trim(option)));
    }
  }
  return settings;
}

CheckSettings settings_of(const Ast& ast, const LowerRequest& request, Emitter& emitter) {
  for (auto argument = request.build_args.rbegin(); argument != request.build_args.rend();
       ++argument) {
    if (argument->first == "BUILDKIT_DOCKERFILE_CHECK") {
      return parse_settings({.text = argument->second, .loc = {}, .heredoc = {}}, emitter);
    }
  }
  for (const Directive& directive : ast.directives) {
    if (directive.name.text == "check") {
      return parse_settings(directive.value, emitter);
    }
  }
  return {};
}

}  // namespace

void report_with_checks(const std::vector<Diagnostic>& found, const Ast& ast,
                        const LowerRequest& request, Emitter& emitter) {
  const CheckSettings settings = settings_of(ast, request, emitter);
  std::set<std::string_view> rules;
  for (const Diagnostic& diagnostic : found) {
    const std::string_view rule = rule_of(diagnostic.kind);
    if (!rule.empty()) {
      if (settings.skip_all || settings.skipped.contains(rule)) {
        continue;
      }
      rules.insert(rule);
    }
    emitter.pass_on(diagnostic);
  }
  if (!settings.warnings_are_errors || rules.empty()) {
    return;
  }
  std::string shown;
  std::string names;
  for (const std::string_view rule : rules) {
    shown += (shown.empty() ? "`" : ", `") + std::string(rule) + "`";
    names += (names.empty() ? "" : ",") + std::string(rule);
  }
  emitter.emit(settings.loc, kChecksFailed, shown).note("`skip=" + names + "` leaves them out");
}

}  // namespace strata::frontend::dockerfile
