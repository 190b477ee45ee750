#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace strata::backend {

// What registries and token servers answer, read without trust: anything odd is "not there".

struct TokenAnswer {
  std::string token;
  // How long it holds, at most a day; 60 when the answer does not say, or says what is no time at
  // all (distribution's token spec).
  int seconds = 60;
};
[[nodiscard]] std::optional<TokenAnswer> read_token(std::string_view body);

// `CODE: message` of the first of an answer's errors, printable and cut short; "" when it has none.
[[nodiscard]] std::string registry_error(std::string_view body);

// The string member `mediaType` of a JSON object, "" without one.
[[nodiscard]] std::string media_type_member(std::string_view body);

// Without control characters, at most 200 bytes: text of others that goes to a terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace strata::backend
