// Consumers that sort and count; rendering is in render.cpp.
#include "ir/base/consumer.h"

#include <algorithm>

namespace strata {

void SortingConsumer::finish() {
  std::stable_sort(held_.begin(), held_.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.loc < b.loc; });
  const Diagnostic* previous = nullptr;
  for (Diagnostic& diagnostic : held_) {
    if (previous == nullptr || previous->loc != diagnostic.loc ||
        previous->kind != diagnostic.kind || previous->message != diagnostic.message) {
      next_->consume(diagnostic);
    }
    previous = &diagnostic;
  }
  held_.clear();
  next_->finish();
}

void CountingConsumer::consume(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::Error) {
    ++errors_;
  } else if (diagnostic.severity == Severity::Warning) {
    ++warnings_;
  }
  next_->consume(std::move(diagnostic));
}

}  // namespace strata
