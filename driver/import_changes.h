#pragma once

#include <string>
#include <vector>

#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::driver {

// `strata import --change`: ENV K=V, LABEL K=V, WORKDIR DIR, USER NAME, CMD [JSON] and ENTRYPOINT
// [JSON] as a config op. Error: Input.
[[nodiscard]] Result<ir::Config> parse_changes(const std::vector<std::string>& changes);

}  // namespace strata::driver
