#pragma once

#include <string>
#include <utility>

#include "ir/base/result.h"

namespace strata::driver {

// A `--build-context NAME=DIRECTORY`: the name as docker compares it (Reference::familiar()), and
// the directory. Error Input, saying what is wrong: no such form, a name that is no image's or is
// reserved, another kind of context than a directory, no directory there.
[[nodiscard]] Result<std::pair<std::string, std::string>> parse_build_context(
    const std::string& text);

}  // namespace strata::driver
