// ARGs before the first FROM, predefined arguments, and --build-arg.
#include "frontend/dockerfile/global_args.h"

#include <algorithm>
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

void add_platform(ir::Pairs& values, const std::string& prefix, const std::string& platform) {
  const ir::Platform parts = ir::split_platform(platform);
  set_pair(values, prefix + "PLATFORM", platform);
  set_pair(values, prefix + "OS", parts.os);
  set_pair(values, prefix + "OSVERSION", "");
  set_pair(values, prefix + "ARCH", parts.architecture);
  set_pair(values, prefix + "VARIANT", parts.variant);
}

}  // namespace

GlobalArgs::GlobalArgs(const Ast& ast, const LowerRequest& request, const std::string& target_stage,
                       Emitter& emitter)
    : request_(&request) {
  add_platform(values_, "BUILD", ir::host_platform());
  add_platform(values_, "TARGET", target_platform(request));
  set_pair(values_, "TARGETSTAGE", target_stage);
  for (auto& [name, value] : values_) {
    value = build_arg(name).value_or(value);
  }
  for (const Instruction& instruction : ast.instructions) {
    if (instruction.keyword == Keyword::From) {
      break;
    }
    for (const Pair& pair : instruction.pairs) {
      define(pair, ast.escape, emitter);
    }
  }
}

void GlobalArgs::define(const Pair& pair, char escape, Emitter& emitter) {
  const std::string& name = pair.key.text;
  std::optional<std::string> value = build_arg(name);
  if (pair.value && !value) {
    value = expand_word(
        *pair.value, {.escape = escape},
        [this](std::string_view other) { return this->value(other); }, emitter);
    if (name == "SOURCE_DATE_EPOCH") {
      epoch_loc_ = pair.value->loc;
    }
  }
  if (value) {
    set_pair(values_, name, std::move(*value));
  }
}

std::optional<std::string> GlobalArgs::value(std::string_view name) const {
  return find_pair(values_, name);
}

std::optional<std::string> GlobalArgs::build_arg(std::string_view name) const {
  return find_pair(request_->build_args, name);
}

std::optional<std::int64_t> GlobalArgs::epoch(Emitter& emitter) const {
  constexpr std::string_view kName = "SOURCE_DATE_EPOCH";
  auto text = build_arg(kName);
  if (!text) {
    text = value(kName);
  }
  return parse_source_date_epoch(text.value_or(""), epoch_loc_, emitter);
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
  for (const auto& [name, value] : request.build_args) {
    if (needs_no_declaration(name) ||
        std::find(declared.begin(), declared.end(), name) != declared.end()) {
      continue;
    }
    auto pending = emitter.emit({}, kUnusedBuildArg, name);
    if (const auto best = nearest(name, declared)) {
      pending.note("did you mean `" + *best + "`?");
    }
  }
}

}  // namespace strata::frontend::dockerfile
