#pragma once

#include <map>
#include <string>
#include <vector>

#include "frontend/spec/value.h"

namespace strata::frontend::spec {

// The names of a file. Each is bound once.
struct Binding {
  Value value;
  // Not valid for what is built in.
  Loc name_loc;
  // Some other statement reads it.
  bool used = false;
};

class Scope {
 public:
  // nullptr when the name is not bound. Marks the binding as used.
  const Binding* use(const std::string& name) {
    const auto found = bindings_.find(name);
    if (found == bindings_.end()) {
      return nullptr;
    }
    found->second.used = true;
    return &found->second;
  }
  [[nodiscard]] const Binding* find(const std::string& name) const {
    const auto found = bindings_.find(name);
    return found == bindings_.end() ? nullptr : &found->second;
  }
  void bind(const std::string& name, Binding binding) {
    if (bindings_.insert_or_assign(name, std::move(binding)).second) {
      order_.push_back(name);
    }
  }
  // In the order in which they were bound.
  [[nodiscard]] const std::vector<std::string>& names() const { return order_; }

 private:
  std::map<std::string, Binding> bindings_;
  std::vector<std::string> order_;
};

}  // namespace strata::frontend::spec
