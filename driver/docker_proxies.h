#pragma once

#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::driver {

// Adds the proxy variables of the docker config that `variables` does not have: as docker does for
// what it builds and runs. Error (Machine): the file cannot be read.
[[nodiscard]] Result<void> add_docker_proxies(ir::Pairs& variables);

}  // namespace strata::driver
