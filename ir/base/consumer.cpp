// Consumers that sort and count; rendering is in render.cpp.
#include "ir/base/consumer.h"

#include <fmt/format.h>

#include <algorithm>

namespace strata {

void SortingConsumer::consume(Diagnostic diagnostic) {
  if (held_.size() < kMostHeld) {
    held_.push_back(std::move(diagnostic));
    return;
  }
  ++not_held_;
  gravest_ = std::min(gravest_, diagnostic.severity);
}

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
  if (not_held_ > 0) {
    Diagnostic rest;
    rest.kind = Kind::InputLimit;
    rest.severity = gravest_;
    rest.message = fmt::format("{} more findings are not shown", not_held_);
    next_->consume(std::move(rest));
    not_held_ = 0;
  }
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
