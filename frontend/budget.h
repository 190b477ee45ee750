#pragma once

#include <cstddef>

#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend {

// What one lowering may make of its text, however small that is: values that double with each line,
// a list that many calls take, an environment that every RUN sees whole. Honest files come nowhere
// near. What would take more than is left takes the rest, and nothing is given after that.
class Budget {
 public:
  static constexpr std::size_t kTextMebibytes = 64;
  static constexpr std::size_t kEnvironmentMebibytes = 1024;
  static constexpr std::size_t kMatchingMebisteps = 128;

  // `input` bytes of text are lowered: they may stand in the steps as they are.
  explicit Budget(std::size_t input) : text_((kTextMebibytes << 20U) + 2 * input) {}

  // Text of expansions and steps, in bytes.
  [[nodiscard]] bool take_text(std::size_t bytes) { return take(text_, bytes); }
  // The same; what is too much is reported at `loc`, unless something was already.
  [[nodiscard]] bool take_text(std::size_t bytes, Loc loc, Emitter& emitter);
  // The environment of a RUN, in bytes: it is shared in memory, but whole in the step's record.
  [[nodiscard]] bool take_environment(std::size_t bytes, Loc loc, Emitter& emitter);
  // Steps of matching patterns of `${V#pattern}`.
  [[nodiscard]] bool take_matching(std::size_t steps) { return take(matching_, steps); }
  // Something was not given, and its place was reported: what follows is not looked at.
  [[nodiscard]] bool exhausted() const { return exhausted_; }

 private:
  bool take(std::size_t& left, std::size_t amount) {
    if (exhausted_ || amount > left) {
      exhausted_ = true;
      return false;
    }
    left -= amount;
    return true;
  }

  std::size_t text_;
  std::size_t environment_ = kEnvironmentMebibytes << 20U;
  std::size_t matching_ = kMatchingMebisteps << 20U;
  bool exhausted_ = false;
};

}  // namespace strata::frontend
