#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/oci/image.h"
#include "backend/registry/http.h"
#include "backend/store/store.h"
#include "ir/base/result.h"
#include "ir/reference.h"

namespace strata::backend {

struct RegistryOptions {
  // host[:port] to talk to by plain http beside loopback ones.
  std::vector<std::string> insecure;
  // Registry → host[:port] to read from first, in order; the registry itself comes last.
  std::vector<std::pair<std::string, std::string>> mirrors;
  unsigned jobs = 4;
  // Total time spent on waiting for Retry-After.
  int max_retry_wait_seconds = 120;
  // The pause before the first retry; each next one doubles it.
  int retry_delay_ms = 500;
  // Longest manifest or index (the specification's floor for registries); at most 64 MiB.
  std::uint64_t max_manifest_bytes = std::uint64_t{4} << 20;
  // Retries, waits and doubts, for people. Called by one thread at a time.
  std::function<void(const std::string& message)> on_notice;
  // Called by several threads.
  std::function<void(const Digest& blob, std::uint64_t done, std::uint64_t total)> on_progress;
};

// $STRATA_REGISTRY_MIRROR, "docker.io=localhost:5000,…". nullopt when it is not of that form.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_mirrors(
    std::string_view text);

// A client of the distribution API (distribution-spec 1.1). Every digest is verified; nothing
// enters the store unverified. Thread-safe. Errors: NotFound (the image is there, but not for that
// platform), Network (all else that a registry does or does not have, a wrong digest included, with
// its status and message), Machine (no space), Interrupted (the HttpClient was cancelled).
class Registry {
 public:
  // `http` and `store` must outlive this.
  Registry(HttpClient& http, Store& store, RegistryOptions options);
  ~Registry();

  // Reference → the manifest for a platform (index followed), manifest and config fetched into the
  // store, layers not. Recorded with put_resolved. A reference with a digest that was resolved
  // before needs no network.
  [[nodiscard]] Result<oci::Image> resolve(const ir::Reference& reference,
                                           const std::string& platform);
  // Fetches those layers of an image that the store lacks, in parallel, resuming partial downloads.
  Result<void> pull_layers(const ir::Reference& reference, const oci::Image& image);
  Result<void> pull_blob(const ir::Reference& reference, const Descriptor& blob);
  // Pushes an image (or an index with its images) that is whole in the store: HEAD each blob, mount
  // from repositories known to have it, else upload; then config, manifest by tag (or by digest if
  // there is no tag). Images with foreign layers are refused (oci::read_document).
  Result<void> push(const ir::Reference& reference, const Descriptor& manifest);
  // The manifest a reference names now, by HEAD or GET; nullopt when there is none.
  [[nodiscard]] Result<std::optional<Descriptor>> head_manifest(const ir::Reference& reference);
  // Tells that the repository of `reference` holds these blobs, so that a push to its registry
  // mounts them. resolve, pull and push tell themselves.
  void note_origin(const ir::Reference& reference, const oci::Manifest& manifest);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace strata::backend
