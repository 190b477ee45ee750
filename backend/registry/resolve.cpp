// Reference → manifest and config: every document checked before it counts.
#include <algorithm>
#include <cstdlib>

#include "backend/registry/client.h"
#include "backend/registry/json.h"
#include "backend/registry/state.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr int kMaxDepth = 4;
constexpr std::uint64_t kMaxDocument = std::uint64_t{64} << 20;

std::string accept_list() {
  return std::string(oci::kIndexType) + ", " + std::string(oci::kManifestType) + ", " +
         std::string(oci::kDockerListType) + ", " + std::string(oci::kDockerManifestType);
}

// Without parameters.
std::string media_type_of(const std::string& content_type) {
  std::string type = ascii_lower(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) {
    type.pop_back();
  }
  return type;
}

std::string what_differs(const Digest& found, const Digest& wanted) {
  return "the registry sent " + found.str() + " where " + wanted.str() + " was asked for";
}

struct Fetched {
  Descriptor descriptor;
  std::string bytes;
};

class Resolver {
 public:
  Resolver(Client& client, const ir::Reference& reference, const std::string& platform,
           const AuthTarget& target)
      : client_(client), reference_(reference), platform_(platform), target_(target) {}

  Result<oci::Image> run() {
    std::optional<Descriptor> next;
    for (int depth = 0; depth < kMaxDepth; ++depth) {
      const Result<Fetched> fetched = fetch(next);
      if (!fetched) {
        Error error = fetched.error();
        if (error.code == ErrorCode::NotFound) {
          // Whether the name is wrong or the registry: it is the registry that says no.
          error.code = ErrorCode::Network;
        }
        return error;
      }
      Result<oci::Document> document =
          oci::read_document(fetched->bytes, fetched->descriptor.media_type);
      if (!document) {
        return wrong(fetched->descriptor.digest.str() + ": " + document.error().message);
      }
      if (document->manifest) {
        return finish(*fetched, *std::move(document->manifest));
      }
      next = oci::select_platform(*document->index, platform_);
      if (!next) {
        return no_platform(*document->index);
      }
      if (next->size > max_manifest()) {
        return wrong("its manifest has " + human_size(next->size) + ", more than the " +
                     human_size(max_manifest()) + " allowed");
      }
    }
    return wrong("its indexes are nested more than " + std::to_string(kMaxDepth) + " deep");
  }

  // What the reference names, by HEAD, or GET where HEAD is not supported or says too little.
  Result<Descriptor> head() {
    HttpRequest request = document_request(tag_or_digest());
    request.method = "HEAD";
    STRATA_ASSIGN(const HttpResponse response, call(request));
    if (response.status == 404) {
      return client_.api.refused(reference_.str(), target_, response);
    }
    const auto digest = Digest::parse(response.header("docker-content-digest"));
    if (response.status == 200 && digest && (!reference_.digest || digest == reference_.digest)) {
      Descriptor descriptor;
      descriptor.media_type = media_type_of(response.header("content-type"));
      descriptor.digest = *digest;
      descriptor.size = std::strtoull(response.header("content-length").c_str(), nullptr, 10);
      return descriptor;
    }
    STRATA_ASSIGN(Fetched fetched, fetch(std::nullopt));
    return std::move(fetched.descriptor);
  }

 private:
  [[nodiscard]] std::uint64_t max_manifest() const {
    return std::min(client_.options.max_manifest_bytes, kMaxDocument);
  }
  [[nodiscard]] std::string tag_or_digest() const {
    return reference_.digest ? reference_.digest->str() : reference_.tag;
  }
  [[nodiscard]] Error wrong(const std::string& message) const {
    return Error{ErrorCode::Network, reference_.str() + ": " + message};
  }

  [[nodiscard]] HttpRequest document_request(const std::string& name) const {
    HttpRequest request;
    request.url = target_.origin + "/v2/" + target_.repository + "/manifests/" + name;
    request.headers.emplace_back("Accept", accept_list());
    request.max_body = max_manifest();
    return request;
  }

  Result<HttpResponse> call(const HttpRequest& request) {
    Result<HttpResponse> response =
        client_.api.call(target_, pull_scope(target_.repository), request, Retry::All);
    if (!response) {
      return std::move(response).error().with_context(reference_.str());
    }
    return response;
  }

  // The document that the reference (nullopt) or an index's entry names.
  Result<Fetched> fetch(const std::optional<Descriptor>& entry) {
    const std::optional<Digest> expected = entry ? entry->digest : reference_.digest;
    if (entry) {
      // Bytes that are in the store already need no network.
      STRATA_ASSIGN(std::optional<std::string> known, client_.store.read_blob(entry->digest));
      if (known && known->size() == entry->size) {
        return Fetched{*entry, *std::move(known)};
      }
    }
    STRATA_ASSIGN(HttpResponse response,
                  call(document_request(expected ? expected->str() : reference_.tag)));
    if (response.status != 200) {
      return client_.api.refused(reference_.str(), target_, response);
    }
    return check(entry, expected, std::move(response));
  }

  Result<Fetched> check(const std::optional<Descriptor>& entry,
                        const std::optional<Digest>& expected, HttpResponse response) {
    Descriptor descriptor;
    descriptor.digest = Digest::of(response.body);
    descriptor.size = response.body.size();
    if (expected && descriptor.digest != *expected) {
      return wrong(what_differs(descriptor.digest, *expected));
    }
    const auto claimed = Digest::parse(response.header("docker-content-digest"));
    if (claimed && *claimed != descriptor.digest) {
      return wrong("the registry claims " + claimed->str() + " and sent " +
                   descriptor.digest.str());
    }
    if (entry && entry->size != descriptor.size) {
      return wrong("the index says " + std::to_string(entry->size) + " bytes for " +
                   entry->digest.str() + ", the registry sent " + std::to_string(descriptor.size));
    }
    const std::string sent = media_type_of(response.header("content-type"));
    const std::string inside = media_type_member(response.body);
    // Two readers that trust different ones would see different images (CVE-2021-41190).
    for (const std::string& other : {inside, entry ? entry->media_type : std::string()}) {
      if (!sent.empty() && !other.empty() && sent != other) {
        return wrong("sent as `" + printable(sent) + "`, but it is `" + printable(other) + "`");
      }
    }
    descriptor.media_type = !sent.empty() ? sent : inside;
    if (descriptor.media_type.empty() && entry) {
      descriptor.media_type = entry->media_type;
    }
    if (descriptor.media_type.find("distribution.manifest.v1") != std::string::npos) {
      return wrong(
          "a docker schema 1 image, which is not supported; push it again with a newer "
          "tool");
    }
    return Fetched{std::move(descriptor), std::move(response.body)};
  }

  [[nodiscard]] Error no_platform(const std::vector<Descriptor>& index) const {
    std::vector<std::string> names;
    for (const Descriptor& entry : index) {
      if (!entry.platform.empty() && entry.platform.find("unknown") == std::string::npos &&
          std::find(names.begin(), names.end(), entry.platform) == names.end()) {
        names.push_back(entry.platform);
      }
    }
    std::string list;
    for (const std::string& name : names) {
      list += (list.empty() ? "" : ", ") + name;
    }
    return Error{ErrorCode::NotFound, reference_.str() + ": no image for " + platform_ +
                                          (list.empty() ? "" : "; it has " + list)};
  }

  Result<std::string> fetch_config(const Descriptor& config) {
    STRATA_ASSIGN(std::optional<std::string> known, client_.store.read_blob(config.digest));
    if (known) {
      return *std::move(known);
    }
    if (config.size > kMaxDocument) {
      return wrong("its config has " + human_size(config.size) + ", more than the " +
                   human_size(kMaxDocument) + " allowed");
    }
    HttpRequest request;
    request.url = target_.origin + "/v2/" + target_.repository + "/blobs/" + config.digest.str();
    request.max_body = config.size;
    STRATA_ASSIGN(HttpResponse response, call(request));
    if (response.status != 200) {
      Error error = client_.api.refused(reference_.str() + ": config " + config.digest.str(),
                                        target_, response);
      error.code = ErrorCode::Network;
      return error;
    }
    if (const Digest found = Digest::of(response.body); found != config.digest) {
      return wrong("config: " + what_differs(found, config.digest));
    }
    return std::move(response.body);
  }

  Result<oci::Image> finish(const Fetched& fetched, oci::Manifest manifest) {
    STRATA_ASSIGN(const std::string bytes, fetch_config(manifest.config));
    if (bytes.size() != manifest.config.size) {
      return wrong("its config has " + std::to_string(bytes.size()) + " bytes, the manifest says " +
                   std::to_string(manifest.config.size));
    }
    Result<ir::ImageConfig> config = oci::read_config(bytes);
    if (!config) {
      return wrong("config (`" + printable(manifest.config.media_type) +
                   "`): " + config.error().message);
    }
    if (config->diff_ids.size() != manifest.layers.size()) {
      return wrong("its manifest has " + std::to_string(manifest.layers.size()) +
                   " layers, its config " + std::to_string(config->diff_ids.size()));
    }
    note_platform(*config);
    STRATA_TRY(client_.store.put_blob(bytes));
    STRATA_TRY(client_.store.put_blob(fetched.bytes));
    STRATA_TRY(client_.store.put_resolved(reference_.str(), platform_, fetched.descriptor.digest));
    return oci::Image{fetched.descriptor, std::move(manifest), *std::move(config)};
  }

  void note_platform(const ir::ImageConfig& config) {
    const std::string found = config.os + "/" + config.architecture;
    if (!config.architecture.empty() && platform_ != found && !platform_.starts_with(found + "/")) {
      client_.api.notice(reference_.str() + ": an image for " + printable(found) + ", not for " +
                         platform_);
    }
  }

  Client& client_;
  const ir::Reference& reference_;
  const std::string& platform_;
  const AuthTarget& target_;
};

// A digest means the same image for ever: what was resolved once needs no network.
Result<std::optional<oci::Image>> resolve_from_store(const Store& store,
                                                     const ir::Reference& reference,
                                                     const std::string& platform) {
  if (!reference.digest) {
    return std::optional<oci::Image>();
  }
  STRATA_ASSIGN(const std::optional<Digest> digest, store.resolved(reference.str(), platform));
  if (!digest) {
    return std::optional<oci::Image>();
  }
  STRATA_ASSIGN(const std::optional<std::string> bytes, store.read_blob(*digest));
  if (!bytes) {
    return std::optional<oci::Image>();
  }
  Descriptor descriptor;
  descriptor.digest = *digest;
  descriptor.size = bytes->size();
  descriptor.media_type = media_type_member(*bytes);
  if (descriptor.media_type.empty()) {
    descriptor.media_type = oci::kManifestType;
  }
  return oci::load_image(store, descriptor);
}

}  // namespace

Result<oci::Image> Registry::resolve(const ir::Reference& reference, const std::string& platform) {
  Client& client = state_->client;
  STRATA_ASSIGN(std::optional<oci::Image> known,
                resolve_from_store(client.store, reference, platform));
  if (known) {
    note_origin(reference, known->manifest);
    return *std::move(known);
  }
  Result<oci::Image> image = client.from_any_host(reference, [&](const AuthTarget& target) {
    return Resolver(client, reference, platform, target).run();
  });
  if (image) {
    note_origin(reference, image->manifest);
  }
  return image;
}

Result<std::optional<Descriptor>> Registry::head_manifest(const ir::Reference& reference) {
  Client& client = state_->client;
  Result<Descriptor> found = client.from_any_host(reference, [&](const AuthTarget& target) {
    return Resolver(client, reference, "", target).head();
  });
  if (found) {
    return std::optional(*std::move(found));
  }
  if (found.error().code == ErrorCode::NotFound) {
    return std::optional<Descriptor>();
  }
  return std::move(found).error();
}

}  // namespace strata::backend
