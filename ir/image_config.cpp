// How a config op changes an image config.
#include "ir/image_config.h"

#include <algorithm>

namespace strata::ir {
namespace {

void set_pair(Pairs& pairs, const std::pair<std::string, std::string>& entry) {
  const auto found = std::find_if(pairs.begin(), pairs.end(),
                                  [&](const auto& pair) { return pair.first == entry.first; });
  if (found == pairs.end()) {
    pairs.push_back(entry);
  } else {
    found->second = entry.second;
  }
}

void add_missing(Strings& values, const Strings& more) {
  for (const std::string& value : more) {
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(value);
    }
  }
}

template <typename T>
void replace(std::optional<T>& value, const std::optional<T>& change) {
  if (change.has_value()) {
    value = change;
  }
}

void replace(std::string& value, const OptionalString& change) {
  if (change.has_value()) {
    value = *change;
  }
}

}  // namespace

void apply(const Config& change, ImageConfig& config) {
  for (const auto& entry : change.env) {
    set_pair(config.env, entry);
  }
  for (const auto& entry : change.labels) {
    set_pair(config.labels, entry);
  }
  replace(config.cmd, change.cmd);
  replace(config.entrypoint, change.entrypoint);
  replace(config.healthcheck, change.healthcheck);
  replace(config.shell, change.shell);
  replace(config.stop_signal, change.stop_signal);
  replace(config.user, change.user);
  replace(config.workdir, change.workdir);
  add_missing(config.ports, change.ports);
  add_missing(config.volumes, change.volumes);
}

}  // namespace strata::ir
