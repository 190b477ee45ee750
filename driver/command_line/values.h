#pragma once

#include <string>
#include <utility>
#include <vector>

#include "driver/options.h"

namespace strata::driver {

// `K=V`; `K` alone takes the value from strata's own environment, and is left out when it is not
// there (as docker does).
[[nodiscard]] std::vector<std::pair<std::string, std::string>> key_values(
    const std::vector<std::string>& texts);

// `type=oci,dest=out`; a bare path is type=local, `-` a tar on stdout, as docker's -o. Throws
// CLI::ValidationError.
[[nodiscard]] OutputOption output_of(const std::string& text);

}  // namespace strata::driver
