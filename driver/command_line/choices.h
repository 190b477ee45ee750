#pragma once

#include <CLI/App.hpp>
#include <string>
#include <utility>
#include <vector>

namespace strata::driver {

// The words that stand for an option's values, in the order in which they are shown.
using Words = std::vector<std::string>;

// What is wrong with `word`, which is none of them: all of them, and the nearest.
[[nodiscard]] std::string not_one_of(const std::string& word, const Words& words);

// An option that takes one of a few words (in any case), each with its value.
template <typename Value>
CLI::Option* add_choice(CLI::App& app, const std::string& flags, Value& value,
                        std::vector<std::pair<std::string, Value>> choices,
                        const std::string& description) {
  const auto take = [&value, flags, choices = std::move(choices)](const std::string& word) {
    Words words;
    for (const auto& [name, meaning] : choices) {
      if (CLI::detail::to_lower(word) == name) {
        value = meaning;
        return;
      }
      words.push_back(name);
    }
    throw CLI::ValidationError(flags, not_one_of(word, words));
  };
  return app.add_option_function<std::string>(flags, take, description);
}

}  // namespace strata::driver
