#pragma once

#include <string>
#include <vector>

#include "ir/op.h"

namespace strata::ir {

// mutations(field): other values for a field of any type, each different from it and from each
// other. A field type without an overload does not compile: a new type must say what a change is.
inline std::vector<std::string> mutations(const std::string& value) {
  return {value + "x", value + std::string(1, '\0'), value + "\xff", "other"};
}
inline std::vector<std::int64_t> mutations(std::int64_t value) { return {value + 1, value + 2}; }
inline std::vector<bool> mutations(bool value) { return {!value}; }
inline std::vector<Digest> mutations(const Digest& value) { return {Digest::of(value.str())}; }
inline std::vector<OpId> mutations(OpId value) { return {OpId{value.index == 0 ? 1U : 0U}}; }
inline std::vector<std::pair<std::string, std::string>> mutations(
    const std::pair<std::string, std::string>& value) {
  return {{value.first + "x", value.second},
          {value.first, value.second + "x"},
          // The same bytes, divided elsewhere.
          {value.first + "=", value.second},
          {value.first, "=" + value.second}};
}
template <Nested T>
std::vector<T> mutations(const T& value);
template <typename T>
std::vector<std::optional<T>> mutations(const std::optional<T>& value);

template <typename T>
std::vector<std::vector<T>> mutations(const std::vector<T>& values) {
  std::vector<std::vector<T>> result = {values};
  result[0].push_back(T{});
  if (!values.empty()) {
    result.push_back({values.begin() + 1, values.end()});
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const T& other : mutations(values[i])) {
      std::vector<T> changed = values;
      changed[i] = other;
      result.push_back(std::move(changed));
    }
  }
  if (values.size() > 1 && !(values[0] == values[1])) {
    result.push_back(values);
    std::swap(result.back()[0], result.back()[1]);
  }
  return result;
}

inline std::vector<SharedStrings> mutations(const SharedStrings& values) {
  std::vector<SharedStrings> result;
  for (const Strings& other : mutations(values.values())) {
    result.emplace_back(other);
  }
  return result;
}
// Its order is not part of what it is.
inline std::vector<Environment> mutations(const Environment& environment) {
  std::vector<Environment> result = {environment};
  result[0].set("other", "");
  if (!environment.empty()) {
    result.push_back(Pairs(std::next(environment.begin()), environment.end()));
  }
  for (const auto& entry : environment) {
    for (const auto& other : mutations(entry)) {
      Pairs changed(environment.begin(), environment.end());
      std::erase(changed, entry);
      changed.push_back(other);
      result.push_back(changed);
    }
  }
  return result;
}

// Unset, set to the type's empty value, and the changes of the value.
template <typename T>
std::vector<std::optional<T>> mutations(const std::optional<T>& value) {
  std::vector<std::optional<T>> result;
  if (value.has_value()) {
    result.push_back(std::nullopt);
    for (const T& other : mutations(*value)) {
      result.push_back(other);
    }
  } else {
    result.push_back(T{});
  }
  return result;
}

template <Nested T>
std::vector<T> mutations(const T& value) {
  std::vector<T> result;
  visit_members(value, [&](std::string_view name, const auto& member) {
    for (const auto& other : mutations(member)) {
      T changed = value;
      visit_members(changed, [&](std::string_view changed_name, auto& changed_member) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(changed_member)>,
                                     std::remove_cvref_t<decltype(member)>>) {
          if (changed_name == name) {
            changed_member = other;
          }
        }
      });
      result.push_back(std::move(changed));
    }
  });
  return result;
}

struct Mutation {
  std::string field;
  FieldRole role = FieldRole::Key;
  Op op;
};

// Every op that differs from `op` in one field by one mutation.
inline std::vector<Mutation> mutations_of(const Op& op) {
  std::vector<Mutation> result;
  std::visit(
      [&](const auto& data) {
        visit_fields(data, [&](std::string_view name, const auto& field, FieldRole role) {
          for (const auto& other : mutations(field)) {
            auto changed = data;
            visit_fields(
                changed, [&](std::string_view changed_name, auto& changed_field, FieldRole) {
                  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(changed_field)>,
                                               std::remove_cvref_t<decltype(field)>>) {
                    if (changed_name == name) {
                      changed_field = other;
                    }
                  }
                });
            result.push_back({std::string(name), role, Op{changed, op.loc, op.also}});
          }
        });
      },
      op.data);
  return result;
}

}  // namespace strata::ir
