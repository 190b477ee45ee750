#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "ir/base/result.h"

namespace strata::driver {

// The one place where text leaves strata.

// What was asked for, to standard output: as it is for programs; a terminal, which some bytes would
// steer, gets it printable. What cannot be written is said by finish_answer().
void answer(std::string_view text);
template <typename... Args>
void answer(fmt::format_string<Args...> format, Args&&... args) {
  answer(std::string_view(fmt::format(format, std::forward<Args>(args)...)));
}

// Writes what is held of the answers. Error Output when any of them could not be written whole,
// Interrupted.
[[nodiscard]] Result<void> finish_answer();

// Everything else, to standard error, printable; a failure to write it is ignored, since it could
// not be said.
void remark(std::string_view text);
template <typename... Args>
void remark(fmt::format_string<Args...> format, Args&&... args) {
  remark(std::string_view(fmt::format(format, std::forward<Args>(args)...)));
}

// JSON for standard error: as it is for programs, printable on a terminal.
void emit(std::string_view json);

// Text for standard error that was made of printable parts and may hold colours of our own.
void draw(std::string_view text);

}  // namespace strata::driver
