// Proxy variables from build arguments and docker's own configuration.
#include "driver/docker_proxies.h"

#include <algorithm>
#include <map>
#include <string>

#include "backend/registry/docker_config.h"
#include "frontend/frontend.h"
#include "ir/base/text.h"

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

Result<ir::Pairs> proxy_variables(const ir::Pairs& build_args) {
  STRATA_ASSIGN(const ir::Pairs configured, backend::DockerConfig::from_environment().proxies());
  return proxy_variables(build_args, configured);
}

ir::Pairs proxy_variables(const ir::Pairs& build_args, const ir::Pairs& configured) {
  // Sorted as written, so that of two spellings the one in lower case counts, as in BuildKit.
  std::map<std::string, std::string> written;
  for (const auto& [name, value] : build_args) {
    if (frontend::is_proxy_argument(name)) {
      written.insert_or_assign(name, value);
    }
  }
  std::map<std::string, std::string> proxies;
  for (const auto& [name, value] : written) {
    proxies.insert_or_assign(ascii_lower(name), value);
  }
  for (const auto& [name, value] : configured) {
    proxies.emplace(ascii_lower(name), value);
  }
  ir::Pairs variables;
  for (const auto& [name, value] : proxies) {
    if (!value.empty()) {
      variables.emplace_back(ascii_upper(name), value);
      variables.emplace_back(name, value);
    }
  }
  return variables;
}

}  // namespace strata::driver
