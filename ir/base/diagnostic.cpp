// The table of diagnostic kinds, expanded from diagnostic_kinds.def.
#include "ir/base/diagnostic.h"

#include <array>

namespace strata {
namespace {

struct KindRow {
  std::string_view name;
  Severity severity;
  DiagnosticGroup group;
};

constexpr auto kKinds = std::to_array<KindRow>({
#define STRATA_DIAGNOSTIC(name, severity, group) \
  {#name, Severity::severity, DiagnosticGroup::group},
#include "ir/base/diagnostic_kinds.def"
#undef STRATA_DIAGNOSTIC
});

const KindRow& row(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view kind_name(Kind kind) { return row(kind).name; }
Severity kind_severity(Kind kind) { return row(kind).severity; }
DiagnosticGroup kind_group(Kind kind) { return row(kind).group; }

const std::vector<Kind>& all_kinds() {
  static const std::vector<Kind> kinds = {
#define STRATA_DIAGNOSTIC(name, severity, group) Kind::name,
#include "ir/base/diagnostic_kinds.def"
#undef STRATA_DIAGNOSTIC
  };
  return kinds;
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "error";
    case Severity::Warning:
      return "warning";
    case Severity::Info:
      return "info";
    case Severity::Style:
      return "style";
  }
  return "error";
}

}  // namespace strata
