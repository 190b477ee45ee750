// Basic and bearer authentication of the distribution API.
#include "backend/registry/auth.h"

#include <algorithm>

#include "backend/registry/json.h"
#include "backend/registry/url.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

using Clock = std::chrono::steady_clock;

std::string basic(const Credentials& credentials) {
  return "Basic " + base64_encode(credentials.username + ":" + credentials.password);
}

// A loopback realm may answer a registry on loopback only: a remote one has no business there.
bool realm_is_odd(const Url& origin, const Url& realm) {
  return is_loopback_host(realm.host) && !is_loopback_host(origin.host);
}

// A token request carries a password or an identity token, in a header or in its body: it goes to
// the realm and nowhere else, and its answer is short.
HttpRequest token_request(const std::string& realm) {
  HttpRequest request;
  request.url = realm;
  request.follow_redirects = false;
  request.max_body = std::uint64_t{1} << 20;
  return request;
}

HttpRequest token_by_get(const std::string& realm, const std::string& service, const Scopes& scopes,
                         const std::optional<Credentials>& credentials) {
  HttpRequest request = token_request(realm);
  if (!service.empty()) {
    request.url = with_query(request.url, "service", service);
  }
  for (const std::string& scope : scopes) {
    request.url = with_query(request.url, "scope", scope);
  }
  if (credentials && !credentials->username.empty()) {
    request.url = with_query(request.url, "account", credentials->username);
    request.headers.emplace_back("Authorization", basic(*credentials));
  }
  return request;
}

HttpRequest token_by_post(const std::string& realm, const std::string& service,
                          const Scopes& scopes, const std::string& refresh_token) {
  std::string scope;
  for (const std::string& one : scopes) {
    scope += (scope.empty() ? "" : " ") + one;
  }
  HttpRequest request = token_request(realm);
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = "grant_type=refresh_token&client_id=strata&service=" + percent_encode(service) +
                 "&scope=" + percent_encode(scope) +
                 "&refresh_token=" + percent_encode(refresh_token);
  return request;
}

}  // namespace

std::string Authenticator::authorization(const AuthTarget& target, const Scopes& scopes) {
  const std::lock_guard lock(mutex_);
  return lookup({target.origin, scopes});
}

bool Authenticator::has_credentials(const AuthTarget& target) {
  const std::lock_guard lock(mutex_);
  const auto found = credentials_.find({target.registry, target.repository});
  return found != credentials_.end() && found->second.has_value();
}

std::string Authenticator::lookup(const Key& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    return "";
  }
  if (found->second.expires && *found->second.expires <= Clock::now()) {
    entries_.erase(found);
    return "";
  }
  return found->second.authorization;
}

Result<std::optional<std::string>> Authenticator::answer(const AuthTarget& target,
                                                         const Scopes& scopes,
                                                         const HttpResponse& unauthorized,
                                                         const std::string& rejected) {
  // Only the registry itself may ask: a host that a redirect led to could name a realm of its own
  // (CVE-2020-15157).
  const std::optional<Url> asker = Url::parse(unauthorized.final_url);
  if (!asker || asker->origin() != target.origin) {
    return std::optional<std::string>();
  }
  const std::lock_guard lock(mutex_);
  const Key key{target.origin, scopes};
  // Another thread may have answered meanwhile.
  if (const std::string known = lookup(key); !known.empty() && known != rejected) {
    return std::optional(known);
  }
  entries_.erase(key);
  std::vector<Challenge> challenges;
  const auto [first, last] = unauthorized.headers.equal_range("www-authenticate");
  for (auto header = first; header != last; ++header) {
    const std::vector<Challenge> parsed = parse_challenges(header->second);
    challenges.insert(challenges.end(), parsed.begin(), parsed.end());
  }
  // Bearer before Basic, whatever their order: it sends the password to fewer places.
  std::stable_sort(challenges.begin(), challenges.end(), [](const auto& a, const auto& b) {
    return a.scheme == "bearer" && b.scheme != "bearer";
  });
  for (const Challenge& challenge : challenges) {
    std::optional<Entry> entry;
    if (challenge.scheme == "bearer") {
      STRATA_ASSIGN(entry, bearer(target, scopes, challenge));
    } else if (challenge.scheme == "basic") {
      const std::optional<Credentials>& known = credentials(target);
      if (known && !known->username.empty()) {
        entry = Entry{basic(*known), std::nullopt};
      }
    }
    if (entry && entry->authorization != rejected) {
      entries_[key] = *entry;
      return std::optional(entry->authorization);
    }
  }
  return std::optional<std::string>();
}

const std::optional<Credentials>& Authenticator::credentials(const AuthTarget& target) {
  const auto [place, is_new] =
      credentials_.try_emplace({target.registry, target.repository}, std::nullopt);
  if (is_new) {
    Result<std::optional<Credentials>> found = config_.find(target.registry, target.repository);
    if (found) {
      place->second = *std::move(found);
    } else if (notice_) {
      // Most images are public: a broken helper must not stop an anonymous pull.
      notice_("no credentials for " + target.registry + ": " + found.error().message);
    }
  }
  return place->second;
}

Result<std::optional<Authenticator::Entry>> Authenticator::bearer(const AuthTarget& target,
                                                                  const Scopes& scopes,
                                                                  const Challenge& challenge) {
  const std::string realm = challenge.parameter("realm");
  const std::optional<Url> origin = Url::parse(target.origin);
  const std::optional<Url> url = Url::parse(realm);
  if (!url || !origin || realm_is_odd(*origin, *url)) {
    return Error{ErrorCode::Network, target.registry +
                                         ": names a token server that cannot be used (`" +
                                         printable(realm) + "`)"};
  }
  const std::optional<Credentials>& known = credentials(target);
  if (known && !known->registry_token.empty()) {
    return std::optional(Entry{"Bearer " + known->registry_token, std::nullopt});
  }
  if (known && !may_send_credentials(target.origin, realm)) {
    return Error{ErrorCode::Network, target.registry + ": wants credentials sent to " +
                                         url->origin() + ", which is not https; not sent"};
  }
  const Scopes wanted = merge_scopes(scopes, challenge.parameter("scope"));
  const std::string service = challenge.parameter("service");
  const HttpRequest request =
      known && !known->identity_token.empty()
          ? token_by_post(url->str(), service, wanted, known->identity_token)
          : token_by_get(url->str(), service, wanted, known);
  STRATA_ASSIGN(Entry entry, fetch_token(target, request));
  return std::optional(std::move(entry));
}

Result<Authenticator::Entry> Authenticator::fetch_token(const AuthTarget& target,
                                                        const HttpRequest& request) {
  const Clock::time_point asked = Clock::now();
  STRATA_ASSIGN(const HttpResponse response, send_(request));
  const std::string realm = Url::parse(request.url)->origin();
  if (response.status == 401 || response.status == 403) {
    return Error{ErrorCode::Network, target.registry + ": " + realm + " refused the login (" +
                                         std::to_string(response.status) +
                                         "); log in again with `docker login " + target.registry +
                                         "`"};
  }
  if (response.status >= 300 && response.status < 400) {
    return Error{ErrorCode::Network, target.registry + ": " + realm +
                                         " redirects the login, which is not followed (" +
                                         std::to_string(response.status) + ")"};
  }
  const std::optional<TokenAnswer> token = read_token(response.body);
  if (response.status != 200 || !token) {
    const std::string detail = registry_error(response.body);
    return Error{ErrorCode::Network, target.registry + ": " + realm + " gave no token (" +
                                         std::to_string(response.status) +
                                         (detail.empty() ? "" : ", " + detail) + ")"};
  }
  // Renewed a little early: a request must still be on its way when the registry checks.
  const int margin = std::min(10, token->seconds / 5);
  return Entry{"Bearer " + token->token, asked + std::chrono::seconds(token->seconds - margin)};
}

}  // namespace strata::backend
