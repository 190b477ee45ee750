#pragma once

#include <compare>
#include <cstdint>

namespace strata::ir {

// An index into a vector of a Module; copying a module keeps every id valid. A default id names
// nothing.
template <typename Tag>
struct Id {
  std::uint32_t index = UINT32_MAX;

  [[nodiscard]] bool valid() const { return index != UINT32_MAX; }
  auto operator<=>(const Id&) const = default;  // NOLINT(modernize-use-nullptr)
};

using OpId = Id<struct OpTag>;
using StageId = Id<struct StageTag>;

}  // namespace strata::ir
