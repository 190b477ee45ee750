// How a config op changes an image config.
#include "ir/image_config.h"

#include <unordered_set>

#include "ir/pairs.h"

namespace strata::ir {
namespace {

void set_all(Pairs& pairs, const Pairs& changes) {
  if (changes.empty()) {
    return;
  }
  PairSetter setter(pairs);
  for (const auto& [name, value] : changes) {
    setter.set(name, value);
  }
}

void add_missing(Strings& values, const Strings& more) {
  if (more.empty()) {
    return;
  }
  std::unordered_set<std::string> seen(values.begin(), values.end());
  for (const std::string& value : more) {
    if (seen.insert(value).second) {
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
  set_all(config.env, change.env);
  set_all(config.labels, change.labels);
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
