// The registry client's state, and what its parts share.
#include "backend/registry/registry.h"

#include <algorithm>

#include "backend/registry/client.h"
#include "backend/registry/state.h"
#include "backend/registry/url.h"
#include "ir/base/text.h"

namespace strata::backend {

Client::Client(HttpClient& http, Store& the_store, RegistryOptions the_options)
    : store(the_store), options(std::move(the_options)), api(http, options) {}

std::vector<std::string> Client::hosts(const std::string& registry) const {
  std::vector<std::string> all;
  for (const auto& [name, mirror] : options.mirrors) {
    if (name == registry) {
      all.push_back(mirror);
    }
  }
  all.push_back(registry);
  return all;
}

std::vector<std::string> Client::origins(const std::string& registry, const Digest& blob) {
  const std::lock_guard lock(mutex_);
  const auto found = origins_.find({registry, blob});
  return found == origins_.end()
             ? std::vector<std::string>()
             : std::vector<std::string>(found->second.begin(), found->second.end());
}

void Client::note_origin(const ir::Reference& reference, const Digest& blob) {
  const std::lock_guard lock(mutex_);
  origins_[{reference.registry, blob}].insert(reference.repository);
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_mirrors(
    std::string_view text) {
  std::vector<std::pair<std::string, std::string>> mirrors;
  for (const std::string& item : split_words(text, ',')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) {
      return std::nullopt;
    }
    const std::string name = item.substr(0, equals);
    const std::string mirror = item.substr(equals + 1);
    // Both are bare host[:port].
    for (const std::string& host : {name, mirror}) {
      const std::optional<Url> url = Url::parse("https://" + host);
      if (!url || url->target != "/" || host.find('/') != std::string::npos) {
        return std::nullopt;
      }
    }
    // As references have it: an entry under another name would never be looked at.
    mirrors.emplace_back(name == "index.docker.io" ? "docker.io" : name, mirror);
  }
  return mirrors;
}

Registry::Registry(HttpClient& http, Store& store, RegistryOptions options)
    : state_(std::make_unique<State>(http, store, std::move(options))) {}

Registry::~Registry() = default;

void Registry::note_origin(const ir::Reference& reference, const oci::Manifest& manifest) {
  state_->client.note_origin(reference, manifest.config.digest);
  for (const Descriptor& layer : manifest.layers) {
    state_->client.note_origin(reference, layer.digest);
  }
}

}  // namespace strata::backend
