#pragma once

#include <cstddef>
#include <vector>

#include "ir/base/emitter.h"

namespace strata {

// Keeps what it is given. For tests, and for callers that decide later whether to show it.
class CollectingConsumer final : public Consumer {
 public:
  void consume(Diagnostic diagnostic) override { diagnostics_.push_back(std::move(diagnostic)); }
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

// Holds what it is given until finish(), then hands it on by file and position; equal positions
// keep their order, and a diagnostic that repeats one at the same place with the same text is
// dropped. Of very many only the first are held: how many more there were is the last one.
class SortingConsumer final : public Consumer {
 public:
  // `next` must outlive this.
  explicit SortingConsumer(Consumer& next) : next_(&next) {}
  void consume(Diagnostic diagnostic) override;
  void finish() override;

  static constexpr std::size_t kMostHeld = 1000;

 private:
  Consumer* next_;
  std::vector<Diagnostic> held_;
  std::size_t not_held_ = 0;
  // The gravest of those.
  Severity gravest_ = Severity::Style;
};

// Counts by severity on the way through.
class CountingConsumer final : public Consumer {
 public:
  // `next` must outlive this.
  explicit CountingConsumer(Consumer& next) : next_(&next) {}
  void consume(Diagnostic diagnostic) override;
  void finish() override { next_->finish(); }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::size_t warnings() const { return warnings_; }

 private:
  Consumer* next_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace strata
