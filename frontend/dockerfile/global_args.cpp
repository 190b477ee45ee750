// ARGs before the first FROM, predefined arguments, and --build-arg.
#include "frontend/dockerfile/global_args.h"

#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "frontend/dockerfile/stage_lowering.h"
#include "ir/base/text.h"
#include "ir/reference.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kBadEpoch{
    Kind::BadEpoch, "`SOURCE_DATE_EPOCH` is `{}`, not a number of seconds"};
constexpr DiagnosticDef<std::string> kUnusedBuildArg{Kind::UnusedBuildArg,
                                                     "build argument `{}` is declared by no `ARG`"};

// Given on the command line without an ARG by habit: proxies, and what BuildKit reads itself.
bool needs_no_declaration(const std::string& name) {
  return name.starts_with("BUILDKIT_") || name == "SOURCE_DATE_EPOCH" || is_proxy_argument(name);
}

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
  add_platform(values_, "TARGET",
               request.platform.empty() ? ir::host_platform() : request.platform);
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
  const std::string* from_outside = build_arg(name);
  std::optional<std::string> value =
      from_outside == nullptr ? std::nullopt : std::optional(*from_outside);
  if (pair.value) {
    auto given = expand_word(
        *pair.value, escape, [this](std::string_view other) { return this->value(other); }, budget,
        emitter);
    if (!value) {
      value = std::move(given);
      if (name == "SOURCE_DATE_EPOCH") {
        epoch_loc_ = pair.value->loc;
      }
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
  if (text == nullptr || text->empty()) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error != std::errc() || end != text->data() + text->size() || seconds < 0) {
    emitter.emit(epoch_loc_, kBadEpoch, *text);
    return std::nullopt;
  }
  return seconds;
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
