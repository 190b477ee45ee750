#pragma once

#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::driver {

// Adds the proxy variables of the docker config that `variables` does not have: as docker does for
// what it runs. Error (Machine): the file cannot be read.
[[nodiscard]] Result<void> add_docker_proxies(ir::Pairs& variables);

// The proxy variables of a RUN: those among the build arguments, in any case, then those of the
// docker config (`proxies.default`). Each in both spellings, for programs know the one or the
// other; one that is set to "" is not there, whatever the docker config says.
[[nodiscard]] Result<ir::Pairs> proxy_variables(const ir::Pairs& build_args);
// The same, with the docker config's given.
[[nodiscard]] ir::Pairs proxy_variables(const ir::Pairs& build_args, const ir::Pairs& configured);

}  // namespace strata::driver
