// Pushes images and indexes that are whole in the store.
#include <algorithm>
#include <vector>

#include "backend/registry/client.h"
#include "backend/registry/json.h"
#include "backend/registry/parallel.h"
#include "backend/registry/state.h"
#include "backend/registry/upload.h"

namespace strata::backend {
namespace {

constexpr int kMaxDepth = 4;

class Pusher {
 public:
  Pusher(Client& client, const ir::Reference& reference, const AuthTarget& target)
      : client_(client), reference_(reference), target_(target) {}

  // `name` is the tag or digest that the manifest gets.
  Result<void> push(const Descriptor& descriptor, const std::string& name, int depth) {
    STRATA_ASSIGN(std::optional<std::string> bytes, client_.store.read_blob(descriptor.digest));
    if (!bytes) {
      return Error{ErrorCode::Corrupt, reference_.str() + ": manifest " + descriptor.digest.str() +
                                           " is missing or damaged in the store"};
    }
    std::string type = media_type_member(*bytes);
    if (type.empty()) {
      type = descriptor.media_type;
    }
    Result<oci::Document> document = oci::read_document(*bytes, type);
    if (!document) {
      return std::move(document).error().with_context(descriptor.digest.str());
    }
    if (document->manifest) {
      STRATA_TRY(push_blobs(*document->manifest));
    } else {
      if (depth == kMaxDepth) {
        return Error{ErrorCode::Corrupt, descriptor.digest.str() + ": indexes nested too deep"};
      }
      // Children first: a registry refuses an index that names what it has not.
      for (const Descriptor& child : *document->index) {
        STRATA_TRY(push(child, child.digest.str(), depth + 1));
      }
    }
    return put_manifest(descriptor.digest, type, *bytes, name);
  }

 private:
  Result<void> push_blobs(const oci::Manifest& manifest) {
    note_base(manifest);
    std::vector<Descriptor> layers;
    for (const Descriptor& layer : manifest.layers) {
      const bool seen = std::any_of(layers.begin(), layers.end(), [&](const Descriptor& other) {
        return other.digest == layer.digest;
      });
      if (!seen) {
        layers.push_back(layer);
      }
    }
    STRATA_TRY(run_parallel(layers.size(), client_.options.jobs,
                            [&](std::size_t i) { return push_blob("layer ", layers[i]); }));
    return push_blob("config ", manifest.config);
  }

  Result<void> push_blob(const std::string& kind, const Descriptor& blob) {
    const std::string what = reference_.str() + ": " + kind + blob.digest.str();
    return upload_blob(client_, target_, reference_, what, blob);
  }

  // The base's repository holds the base's layers; for the others a mount costs one request.
  void note_base(const oci::Manifest& manifest) {
    for (const auto& [name, value] : manifest.annotations) {
      if (name != "org.opencontainers.image.base.name") {
        continue;
      }
      const std::optional<ir::Reference> base = ir::Reference::parse(value);
      if (base && base->registry == reference_.registry) {
        for (const Descriptor& layer : manifest.layers) {
          client_.note_origin(*base, layer.digest);
        }
      }
    }
  }

  Result<void> put_manifest(const Digest& digest, const std::string& type, const std::string& bytes,
                            const std::string& name) {
    HttpRequest request;
    request.method = "PUT";
    request.url = target_.origin + "/v2/" + target_.repository + "/manifests/" + name;
    request.headers.emplace_back("Content-Type", type);
    request.body = bytes;
    const Scopes scopes = {"repository:" + target_.repository + ":pull,push"};
    Result<HttpResponse> response = client_.api.call(target_, scopes, request, Retry::All);
    if (!response) {
      return as_network(std::move(response).error()).with_context(reference_.str());
    }
    if (response->status < 200 || response->status > 202) {
      Error error = client_.api.refused(reference_.str() + ": manifest", target_, *response);
      error.code = ErrorCode::Network;
      return error;
    }
    const auto stored = Digest::parse(response->header("docker-content-digest"));
    if (stored && *stored != digest) {
      return Error{ErrorCode::Network, reference_.str() + ": pushed " + digest.str() +
                                           ", the registry stored it as " + stored->str()};
    }
    return {};
  }

  Client& client_;
  const ir::Reference& reference_;
  const AuthTarget& target_;
};

}  // namespace

Result<void> Registry::push(const ir::Reference& reference, const Descriptor& manifest) {
  Client& client = state_->client;
  if (reference.digest && *reference.digest != manifest.digest) {
    return Error{ErrorCode::Input,
                 reference.str() + ": the image to push has the digest " + manifest.digest.str()};
  }
  // A mirror is for reading.
  Result<AuthTarget> target = client.api.target(reference.registry, reference.repository);
  if (!target) {
    return std::move(target).error().with_context(reference.str());
  }
  const std::string name = reference.tag.empty() ? manifest.digest.str() : reference.tag;
  return Pusher(client, reference, *target).push(manifest, name, 0);
}

}  // namespace strata::backend
