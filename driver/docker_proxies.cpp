// Proxy variables from docker's own configuration.
#include "driver/docker_proxies.h"

#include <algorithm>

#include "backend/registry/docker_config.h"

namespace strata::driver {

Result<void> add_docker_proxies(ir::Pairs& variables) {
  STRATA_ASSIGN(const ir::Pairs proxies, backend::DockerConfig::from_environment().proxies());
  for (const auto& [name, value] : proxies) {
    const bool has_it =
        std::any_of(variables.begin(), variables.end(),
                    [&, key = name](const auto& variable) { return variable.first == key; });
    if (!has_it) {
      variables.emplace_back(name, value);
    }
  }
  return {};
}

}  // namespace strata::driver
