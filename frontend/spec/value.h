#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "frontend/spec/image_graph.h"
#include "ir/base/source.h"

namespace strata::frontend::spec {

struct Value;
using Values = std::vector<Value>;

// Was reported; every use of it is silent.
struct ErrorValue {};
struct NoneValue {};
// `Image` itself, on which constructors are called.
struct ImageClass {};
// `modal` and its like, for `modal.Image`.
struct ModuleValue {
  std::string name;
};
struct ListValue {
  std::shared_ptr<const Values> items;
};
// In written order; keys are unique strings.
struct DictValue {
  std::shared_ptr<const std::vector<std::pair<std::string, Value>>> entries;
};

// Immutable; copying shares lists and dicts.
struct Value {
  // Where it was written: for an element of a list, the element.
  Loc loc;
  std::variant<ErrorValue, NoneValue, bool, std::int64_t, std::string, ListValue, DictValue,
               ImageId, ImageClass, ModuleValue>
      data;

  template <typename T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&data);
  }
  [[nodiscard]] bool is_error() const { return as<ErrorValue>() != nullptr; }
};

// `str`, `int`, `list`, `Image`, …
[[nodiscard]] std::string_view type_name(const Value& value);

}  // namespace strata::frontend::spec
