// Values that are one of a few words.
#include "driver/command_line/choices.h"

#include <fmt/format.h>

#include "ir/base/text.h"

namespace strata::driver {

std::string not_one_of(const std::string& word, const Words& words) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    all += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  const auto near = nearest(word, words);
  return fmt::format("`{}` is not {}{}", word, all,
                     near ? fmt::format("; did you mean `{}`?", *near) : "");
}

}  // namespace strata::driver
