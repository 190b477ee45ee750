// ARGs before the first FROM, predefined arguments, and --build-arg.
#include "frontend/dockerfile/global_args.h"

#include <set>
#include <utility>
#include <vector>

#include "frontend/dockerfile/stage_lowering.h"
#include "frontend/source_date_epoch.h"
#include "ir/base/text.h"
#include "ir/reference.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kUnusedBuildArg{Kind::UnusedBuildArg,
                                                     "build argument `{}` is declared by no `ARG`"};

void add_platform(ir::Environment& values, const std::string& prefix, const std::string& platform) {
  const ir::Platform parts = ir::split_platform(platform);
  values.set(prefix + "PLATFORM", platform);
  values.set(prefix + "OS", parts.os);
  values.set(prefix + "OSVERSION", "");
  values.set(prefix + "ARCH", parts.architecture);
  values.set(prefix + "VARIANT", parts.variant);
}

}  // namespace

GlobalArgs::GlobalArgs(const Ast& ast, const LowerRequest& request, const std::string& target_stage,
                       Budget& budget, Emitter& emitter)
    : build_args_(request.build_args) {
  add_platform(values_, "BUILD", ir::host_platform());
  add_platform(values_, "TARGET", target_platform(request));
  values_.set("TARGETSTAGE", target_stage);
  const ir::Environment predefined = values_;
  for (const auto& [name, value] : predefined) {
    if (const std::string* given = build_arg(name)) {
      values_.set(name, *given);
    }
  }
  for (const Instruction& instruction : ast.instructions) {
    if (instruction.keyword == Keyword::From) {
      break;
    }
    for (const Pair& pair : instruction.pairs) {
      define(pair, ast.escape, budget, emitter);
    }
    if (budget.exhausted()) {
      break;
    }
  }
}

void GlobalArgs::define(const Pair& pair, char escape, Budget& budget, Emitter& emitter) {
  const std::string& name = pair.key.text;
  const std::string* given = build_arg(name);
  std::optional<std::string> value = given == nullptr ? std::nullopt : std::optional(*given);
  if (pair.value && !value) {
    value = expand_word(
        *pair.value, {.escape = escape, .budget = &budget},
        [this](std::string_view other) { return this->value(other); }, emitter);
    if (name == "SOURCE_DATE_EPOCH") {
      epoch_loc_ = pair.value->loc;
    }
  }
  if (value) {
    values_.set(name, std::move(*value));
  }
}

std::optional<std::int64_t> GlobalArgs::epoch(Emitter& emitter) const {
  constexpr std::string_view kName = "SOURCE_DATE_EPOCH";
  const std::string* text = build_arg(kName);
  if (text == nullptr) {
    text = value(kName);
  }
  return parse_source_date_epoch(text == nullptr ? std::string() : *text, epoch_loc_, emitter);
}

void check_build_args(const Ast& ast, const LowerRequest& request, Emitter& emitter) {
  std::vector<std::string> declared = {"BUILDPLATFORM", "BUILDOS",         "BUILDOSVERSION",
                                       "BUILDARCH",     "BUILDVARIANT",    "TARGETPLATFORM",
                                       "TARGETOS",      "TARGETOSVERSION", "TARGETARCH",
                                       "TARGETVARIANT", "TARGETSTAGE"};
  for (const Instruction& instruction : ast.instructions) {
    if (instruction.keyword == Keyword::Arg) {
      for (const Pair& pair : instruction.pairs) {
        declared.push_back(pair.key.text);
      }
    }
  }
  const std::set<std::string_view> known(declared.begin(), declared.end());
  for (const auto& [name, value] : request.build_args) {
    if (needs_no_declaration(name) || known.contains(name)) {
      continue;
    }
    auto pending = emitter.emit({}, kUnusedBuildArg, name);
    if (const auto best = nearest(name, declared)) {
      pending.note("did you mean `" + *best + "`?");
    }
  }
}

}  // namespace strata::frontend::dockerfile
