#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/registry/docker_config.h"
#include "backend/registry/http.h"
#include "ir/base/result.h"

namespace strata::backend {

// One challenge of a WWW-Authenticate header (RFC 9110 11.6.1).
struct Challenge {
  std::string scheme;  // lower case
  // Names in lower case, values unquoted.
  std::vector<std::pair<std::string, std::string>> parameters;

  [[nodiscard]] std::string parameter(std::string_view name) const;
  bool operator==(const Challenge&) const = default;
};
// Every challenge of one header value, in order; what does not parse ends the list.
[[nodiscard]] std::vector<Challenge> parse_challenges(std::string_view header);

// Token scopes, "repository:library/debian:pull,push".
using Scopes = std::vector<std::string>;
// What to ask a token for: the challenge's scopes (space-separated), widened by the actions that we
// need, and by our further repositories when the challenge speaks of ours at all. Without a scope
// in the challenge, ours.
[[nodiscard]] Scopes merge_scopes(const Scopes& own, std::string_view challenge_scope);

// Whether credentials for a registry at `registry_origin` may be sent to a token realm: https, http
// on loopback, or plain http on the very host of a registry that is itself spoken to by http.
[[nodiscard]] bool may_send_credentials(const std::string& registry_origin,
                                        const std::string& realm);

// Where a request goes, for authentication.
struct AuthTarget {
  std::string registry;    // as in a reference: the key of credentials
  std::string repository;  // for credentials kept by repository
  std::string origin;      // scheme://host[:port] of the API
};

// Answers 401s and keeps the answers, by registry and by the scopes of the *request* (a challenge
// may name other ones). Thread-safe; one token is fetched at a time.
class Authenticator {
 public:
  using Send = std::function<Result<HttpResponse>(const HttpRequest&)>;
  using Notice = std::function<void(const std::string&)>;
  Authenticator(DockerConfig config, Send send, Notice notice)
      : config_(std::move(config)), send_(std::move(send)), notice_(std::move(notice)) {}

  // The Authorization value to send, "" when none is known (yet) to be needed.
  [[nodiscard]] std::string authorization(const AuthTarget& target, const Scopes& scopes);
  // A fresh value after a 401; `rejected` is what was sent with it. nullopt: there is nothing
  // better to send. Error: the token server failed or refused.
  Result<std::optional<std::string>> answer(const AuthTarget& target, const Scopes& scopes,
                                            const HttpResponse& unauthorized,
                                            const std::string& rejected);
  // Whether credentials for the registry were found when they were last needed.
  [[nodiscard]] bool has_credentials(const AuthTarget& target);

 private:
  struct Entry {
    std::string authorization;
    std::optional<std::chrono::steady_clock::time_point> expires;
  };
  using Key = std::pair<std::string, Scopes>;

  [[nodiscard]] std::string lookup(const Key& key);
  const std::optional<Credentials>& credentials(const AuthTarget& target);
  Result<std::optional<Entry>> bearer(const AuthTarget& target, const Scopes& scopes,
                                      const Challenge& challenge);
  Result<Entry> fetch_token(const AuthTarget& target, const HttpRequest& request);

  DockerConfig config_;
  Send send_;
  Notice notice_;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::map<std::pair<std::string, std::string>, std::optional<Credentials>> credentials_;
};

}  // namespace strata::backend
