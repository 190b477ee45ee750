// The upload of one blob.
#include "backend/registry/upload.h"

#include "backend/registry/json.h"
#include "backend/registry/url.h"
#include "backend/store/outgoing.h"

namespace strata::backend {
namespace {

class Upload {
 public:
  Upload(Client& client, const AuthTarget& target, const ir::Reference& reference,
         const std::string& what, const Descriptor& blob)
      : client_(client), target_(target), reference_(reference), what_(what), blob_(blob) {}

  Result<void> run() {
    for (int tries = 1;; ++tries) {
      // Also after a PUT whose answer was lost: it may have come through.
      STRATA_ASSIGN(const bool there, exists());
      if (there) {
        return {};
      }
      again_ = false;
      Result<void> sent = send();
      if (sent || !again_) {
        return sent;
      }
      STRATA_TRY(client_.api.back_off(tries, sent.error()));
    }
  }

 private:
  [[nodiscard]] std::string blobs() const {
    return target_.origin + "/v2/" + target_.repository + "/blobs/";
  }
  [[nodiscard]] Scopes push_scope() const {
    return {"repository:" + target_.repository + ":pull,push"};
  }

  Result<HttpResponse> call(const Scopes& scopes, const HttpRequest& request, Retry retry) {
    Result<HttpResponse> response = client_.api.call(target_, scopes, request, retry);
    if (!response) {
      return std::move(response).error().with_context(what_);
    }
    return response;
  }

  Result<bool> exists() {
    HttpRequest request;
    request.method = "HEAD";
    request.url = blobs() + blob_.digest.str();
    STRATA_ASSIGN(const HttpResponse response, call(push_scope(), request, Retry::All));
    const int status = response.status;
    const bool denied = status == 401 || status == 403;
    // It has been asked often enough.
    const bool failing = status == 429 || (status >= 500 && status != 501);
    if (denied || failing) {
      return client_.api.refused(what_, target_, response);
    }
    // 404, or a registry that has no HEAD: uploading what is there does no harm.
    return status == 200;
  }

  Result<void> send() {
    STRATA_ASSIGN(std::optional<HttpResponse> session, mount());
    if (!session) {
      HttpRequest request;
      request.method = "POST";
      request.url = blobs() + "uploads/";
      STRATA_ASSIGN(session, call(push_scope(), request, Retry::All));
    }
    if (session->status == 201) {
      return {};
    }
    if (session->status != 202) {
      Error error = client_.api.refused(what_, target_, *session);
      error.code = ErrorCode::Network;
      return error;
    }
    return put(*session);
  }

  // The answer when the registry took the mount (201) or opened a session instead (202); nullopt
  // when no repository is known or none helped.
  Result<std::optional<HttpResponse>> mount() {
    for (const std::string& source : client_.origins(reference_.registry, blob_.digest)) {
      if (source == target_.repository) {
        continue;
      }
      HttpRequest request;
      request.method = "POST";
      request.url =
          with_query(with_query(blobs() + "uploads/", "mount", blob_.digest.str()), "from", source);
      Scopes scopes = push_scope();
      scopes.push_back("repository:" + source + ":pull");
      Result<HttpResponse> response = client_.api.call(target_, scopes, request, Retry::Status);
      if (!response && response.error().code == ErrorCode::Interrupted) {
        return std::move(response).error();
      }
      // Whatever else goes wrong (no right to the source, a token server that takes one scope
      // only), an upload may still do.
      if (response && (response->status == 201 || response->status == 202)) {
        return std::optional(*std::move(response));
      }
    }
    return std::optional<HttpResponse>();
  }

  Result<void> put(const HttpResponse& session) {
    const std::string location = session.header("location");
    const std::optional<std::string> url = session_url(session.final_url, location);
    if (!url) {
      return Error{ErrorCode::Network, what_ +
                                           ": the registry names no usable place to upload to (`" +
                                           printable(without_query(location)) + "`)"};
    }
    HttpRequest request;
    request.method = "PUT";
    request.url = with_query(*url, "digest", blob_.digest.str());
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    request.body_file = client_.store.blob_path(blob_.digest);
    request.body_digest = blob_.digest;
    const Result<HttpResponse> response =
        client_.api.call(target_, push_scope(), request, Retry::None);
    if (!response && response.error().code == ErrorCode::Corrupt) {
      return damaged();
    }
    if (!response) {
      again_ = response.error().code == ErrorCode::Network;
      return Error{response.error()}.with_context(what_);
    }
    if (response->status != 201) {
      // 404 and 416: the session is lost; a new one may do.
      const int status = response->status;
      again_ = status >= 500 || status == 429 || status == 404 || status == 416;
      Error error = client_.api.refused(what_, target_, *response);
      error.code = ErrorCode::Network;
      return error;
    }
    const auto stored = Digest::parse(response->header("docker-content-digest"));
    if (stored && *stored != blob_.digest) {
      return Error{ErrorCode::Network, what_ + ": the registry stored it as " + stored->str()};
    }
    if (client_.options.on_progress) {
      client_.options.on_progress(blob_.digest, blob_.size, blob_.size);
    }
    return {};
  }

  // Sets the blob aside, so that it is made or fetched again.
  Error damaged() {
    const Result<bool> is_right = client_.store.rehash_blob(blob_.digest);
    return is_right ? Error{ErrorCode::Corrupt, what_ + ": missing or damaged in the store"}
                    : Error(is_right.error());
  }

  Client& client_;
  const AuthTarget& target_;
  const ir::Reference& reference_;
  const std::string& what_;
  const Descriptor& blob_;
  // Whether a new session may succeed where the last one failed.
  bool again_ = false;
};

}  // namespace

std::optional<std::string> session_url(const std::string& request_url,
                                       const std::string& location) {
  const std::optional<Url> from = Url::parse(request_url);
  std::optional<Url> to = from ? from->resolve(location) : std::nullopt;
  if (!to) {
    return std::nullopt;
  }
  if (from->scheme == "https" && to->scheme == "http") {
    if (from->host != to->host) {
      return std::nullopt;
    }
    to->scheme = from->scheme;
    to->port = from->port;
  }
  return to->str();
}

Result<void> upload_blob(Client& client, const AuthTarget& target, const ir::Reference& reference,
                         const std::string& what, const Descriptor& blob) {
  // Its bytes are hashed when they are sent.
  if (client.store.blob_size(blob.digest) != blob.size) {
    STRATA_TRY(client.store.verify_blob(blob.digest));
    return Error{ErrorCode::Corrupt, what + ": missing or damaged in the store"};
  }
  if (Result<void> done = Upload(client, target, reference, what, blob).run(); !done) {
    return as_network(std::move(done).error());
  }
  client.note_origin(reference, blob.digest);
  return {};
}

}  // namespace strata::backend
