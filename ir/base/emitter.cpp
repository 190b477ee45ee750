// From a kind and its arguments to a diagnostic in the consumer chain.
#include "ir/base/emitter.h"

namespace strata {

Emitter::Pending& Emitter::Pending::label(Loc loc, std::string text) {
  diagnostic_.labels.push_back({loc, std::move(text)});
  return *this;
}

Emitter::Pending& Emitter::Pending::note(std::string text) {
  diagnostic_.notes.push_back({std::nullopt, std::move(text)});
  return *this;
}

Emitter::Pending& Emitter::Pending::note(Loc loc, std::string text) {
  diagnostic_.notes.push_back({loc.valid() ? std::optional(loc) : std::nullopt, std::move(text)});
  return *this;
}

Emitter::Pending& Emitter::Pending::fix(Loc loc, std::string replacement, std::string text) {
  diagnostic_.fixes.push_back({loc, std::move(replacement), std::move(text)});
  return *this;
}

Emitter::Pending& Emitter::Pending::help(std::string text) {
  diagnostic_.helps.push_back(std::move(text));
  return *this;
}

Diagnostic Emitter::make(Kind kind, Loc loc, std::string message) {
  Diagnostic diagnostic;
  diagnostic.kind = kind;
  diagnostic.severity = kind_severity(kind);
  diagnostic.loc = loc;
  diagnostic.message = std::move(message);
  return diagnostic;
}

void Emitter::hand_on(Diagnostic diagnostic) {
  // The innermost context is the most telling one, so it comes first.
  for (auto it = contexts_.rbegin(); it != contexts_.rend(); ++it) {
    diagnostic.notes.push_back(
        {it->first.valid() ? std::optional(it->first) : std::nullopt, it->second});
  }
  if (diagnostic.severity == Severity::Error) {
    ++error_count_;
  }
  consumer_->consume(std::move(diagnostic));
}

}  // namespace strata
