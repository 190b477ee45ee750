#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "ir/op.h"

namespace strata::ir {

// Sets values in a list of pairs: each name stands in it once, where it came first. An index makes
// each set() take constant time.
class PairSetter {
 public:
  // `pairs` must outlive this and change through it only.
  explicit PairSetter(Pairs& pairs) : pairs_(&pairs) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      places_.emplace(pairs[i].first, i);
    }
  }

  void set(const std::string& name, std::string value) {
    const auto [place, is_new] = places_.emplace(name, pairs_->size());
    if (is_new) {
      pairs_->emplace_back(name, std::move(value));
    } else {
      (*pairs_)[place->second].second = std::move(value);
    }
  }

 private:
  Pairs* pairs_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace strata::ir
