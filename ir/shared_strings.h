#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace strata::ir {

// A list of strings that does not change. Copies share it: the patterns of a large ignore file are
// part of every step that reads the context.
class SharedStrings {
 public:
  SharedStrings() = default;
  SharedStrings(std::vector<std::string> values)  // NOLINT(google-explicit-constructor)
      : values_(values.empty()
                    ? nullptr
                    : std::make_shared<const std::vector<std::string>>(std::move(values))) {}
  SharedStrings(std::initializer_list<std::string> values)
      : SharedStrings(std::vector<std::string>(values)) {}

  [[nodiscard]] const std::vector<std::string>& values() const {
    static const std::vector<std::string> none;
    return values_ == nullptr ? none : *values_;
  }
  [[nodiscard]] auto begin() const { return values().begin(); }
  [[nodiscard]] auto end() const { return values().end(); }
  [[nodiscard]] bool empty() const { return values_ == nullptr; }
  bool operator==(const SharedStrings& other) const {
    return values_ == other.values_ || values() == other.values();
  }

 private:
  // nullptr for the empty list.
  std::shared_ptr<const std::vector<std::string>> values_;
};

}  // namespace strata::ir
