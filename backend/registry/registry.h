#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "backend/oci/image.h"
#include "backend/registry/http.h"
#include "backend/store/store.h"
#include "ir/base/result.h"
#include "ir/reference.h"

namespace strata::backend {

struct RegistryOptions {
  // Hosts to talk to by plain http beside loopback ones.
  std::vector<std::string> insecure;
  // docker.io → mirror host[:port]; from $STRATA_REGISTRY_MIRROR ("docker.io=localhost:5000,…").
  std::vector<std::pair<std::string, std::string>> mirrors;
  unsigned jobs = 4;
  // Total time spent on waiting for Retry-After.
  int max_retry_wait_seconds = 120;
  std::function<void(const std::string& message)> on_notice;
  std::function<void(const Digest& blob, std::uint64_t done, std::uint64_t total)> on_progress;
};

// A client of the distribution API (distribution-spec 1.1). Every digest is verified; nothing
// enters the store unverified. Thread-safe.
class Registry {
 public:
  // `http` and `store` must outlive this.
  Registry(HttpClient& http, Store& store, RegistryOptions options);
  ~Registry();

  // Reference → the manifest for a platform (index followed), manifest and config fetched into the
  // store, layers not. Errors: NotFound (no such image or platform), Network (with status and the
  // registry's message), Corrupt.
  [[nodiscard]] Result<oci::Image> resolve(const ir::Reference& reference,
                                           const std::string& platform);
  // Fetches those layers of an image that the store lacks, in parallel, resuming partial downloads.
  Result<void> pull_layers(const ir::Reference& reference, const oci::Image& image);
  Result<void> pull_blob(const ir::Reference& reference, const Descriptor& blob);
  // Pushes an image that is whole in the store: HEAD each blob, mount from repositories known to
  // have it, else upload; then config, manifest by tag (or by digest if there is no tag).
  Result<void> push(const ir::Reference& reference, const Descriptor& manifest);
  // The manifest a reference names now, by HEAD or GET; nullopt when there is none.
  [[nodiscard]] Result<std::optional<Descriptor>> head_manifest(const ir::Reference& reference);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace strata::backend
