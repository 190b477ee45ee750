// Brings an image's layers into the store.
#include <algorithm>
#include <vector>

#include "backend/registry/client.h"
#include "backend/registry/download.h"
#include "backend/registry/parallel.h"
#include "backend/registry/state.h"

namespace strata::backend {

Result<void> Registry::pull_blob(const ir::Reference& reference, const Descriptor& blob) {
  Client& client = state_->client;
  STRATA_ASSIGN(const bool known, client.store.verify_blob(blob.digest));
  if (known) {
    return {};
  }
  // One download of a blob at a time, in whatever process: they share the partial file.
  STRATA_ASSIGN(const Fd lock, client.store.lock("download-" + blob.digest.hex()));
  STRATA_ASSIGN(const bool there_now, client.store.verify_blob(blob.digest));
  if (there_now) {
    return {};
  }
  const std::string what = reference.str() + ": " + blob.digest.str();
  STRATA_TRY(client.from_any_host(reference, [&](const AuthTarget& target) {
    return download_blob(client, target, what, blob);
  }));
  client.note_origin(reference, blob.digest);
  return {};
}

Result<void> Registry::pull_layers(const ir::Reference& reference, const oci::Image& image) {
  std::vector<Descriptor> layers;
  for (const Descriptor& layer : image.manifest.layers) {
    const bool seen = std::any_of(layers.begin(), layers.end(), [&](const Descriptor& other) {
      return other.digest == layer.digest;
    });
    if (!seen) {
      layers.push_back(layer);
    }
  }
  return run_parallel(layers.size(), state_->client.options.jobs,
                      [&](std::size_t i) { return pull_blob(reference, layers[i]); });
}

}  // namespace strata::backend
