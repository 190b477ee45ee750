// Directories of the command line in the place of stages and images.
#include "frontend/named_contexts.h"

#include "frontend/dockerfile/ignore_file.h"
#include "ir/reference.h"

namespace strata::frontend {
namespace {

constexpr DiagnosticDef<std::string> kUnusedContext{
    Kind::UnusedBuildContext, "build context `{}` is neither a base nor copied from"};

}  // namespace

std::optional<std::string> NamedContexts::find(std::string_view name) {
  if (names_.empty()) {
    return std::nullopt;
  }
  const auto reference = ir::Reference::parse(name);
  std::string familiar = reference ? reference->familiar() : std::string();
  if (!names_.contains(familiar)) {
    return std::nullopt;
  }
  used_.insert(familiar);
  return familiar;
}

Result<std::optional<ir::SharedStrings>> NamedContexts::ignore(const std::string& name) {
  auto found = ignore_.find(name);
  if (found == ignore_.end()) {
    STRATA_ASSIGN(auto patterns, dockerfile::load_ignore({.context = name, .file_name = {}},
                                                         *sources_, *loader_, *emitter_));
    found = ignore_.emplace(name, std::move(patterns)).first;
  }
  return found->second;
}

void NamedContexts::report_unused() const {
  for (const std::string& name : names_) {
    if (!used_.contains(name)) {
      emitter_->emit({}, kUnusedContext, name);
    }
  }
}

}  // namespace strata::frontend
