#pragma once

#include <string_view>

namespace strata {

// Prints file, line, condition and message to stderr and aborts. For bugs of ours only; never for
// input.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message);

}  // namespace strata

#define STRATA_CHECK(condition, message)                               \
  do {                                                                 \
    if (!(condition)) {                                                \
      ::strata::check_failed(__FILE__, __LINE__, #condition, message); \
    }                                                                  \
  } while (false)
