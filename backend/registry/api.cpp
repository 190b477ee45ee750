// Sends requests to registries, with all that they ask for in between.
#include "backend/registry/api.h"

#include <algorithm>
#include <ctime>
#include <thread>

#include "backend/registry/json.h"
#include "backend/registry/retry_after.h"
#include "backend/registry/url.h"

namespace strata::backend {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTries = 5;
constexpr int kHolds = 10;

bool is_passing(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::string status_text(int status) {
  switch (status) {
    case 400:
      return "400 Bad Request";
    case 401:
      return "401 Unauthorized";
    case 403:
      return "403 Forbidden";
    case 404:
      return "404 Not Found";
    case 405:
      return "405 Method Not Allowed";
    case 413:
      return "413 Content Too Large";
    case 416:
      return "416 Range Not Satisfiable";
    case 429:
      return "429 Too Many Requests";
    case 500:
      return "500 Internal Server Error";
    case 502:
      return "502 Bad Gateway";
    case 503:
      return "503 Service Unavailable";
    case 504:
      return "504 Gateway Timeout";
    default:
      return std::to_string(status);
  }
}

std::string login_command(const std::string& registry) {
  return registry == "docker.io" || registry == "registry-1.docker.io" ? "docker login"
                                                                       : "docker login " + registry;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

Error as_network(Error error) {
  if (error.code == ErrorCode::Input) {
    error.code = ErrorCode::Network;
  }
  return error;
}

Api::Api(HttpClient& http, const RegistryOptions& options)
    : http_(http),
      options_(options),
      authenticator_(
          DockerConfig::from_environment(),
          [this](const HttpRequest& request) {
            int tries = 0;
            int holds = 0;
            return send_again(request, Retry::All, tries, holds);
          },
          [this](const std::string& message) { notice(message); }) {}

void Api::notice(const std::string& message) {
  if (options_.on_notice) {
    const std::lock_guard lock(notice_mutex_);
    options_.on_notice(message);
  }
}

Result<AuthTarget> Api::target(const std::string& host, const std::string& repository) {
  const bool hub = host == "docker.io" || host == "index.docker.io";
  STRATA_ASSIGN(std::string origin, probe(hub ? "registry-1.docker.io" : host));
  return AuthTarget{host, repository, std::move(origin)};
}

Result<std::string> Api::probe(const std::string& host) {
  const std::optional<Url> https = Url::parse("https://" + host);
  if (!https) {
    return Error{ErrorCode::Network, host + ": not a registry's host"};
  }
  const std::string_view name = without_port(host);
  if (!is_loopback_host(name) && !contains(options_.insecure, host) &&
      !contains(options_.insecure, name)) {
    return https->origin();
  }
  const std::lock_guard lock(probe_mutex_);
  if (const auto known = origins_.find(host); known != origins_.end()) {
    return known->second;
  }
  HttpRequest request;
  const std::string http = Url::parse("http://" + host)->origin();
  request.url = http + "/v2/";
  request.follow_redirects = false;
  const Result<HttpResponse> plain = http_.send(request);
  if (plain && plain->status != 400) {
    return origins_[host] = http;
  }
  if (!plain && plain.error().code == ErrorCode::Interrupted) {
    return plain.error();
  }
  // A TLS port answers plain http with nothing or 400.
  request.url = https->origin() + "/v2/";
  if (http_.send(request).ok()) {
    return origins_[host] = https->origin();
  }
  // Not kept: it may be on its way up, and the request to come tells what is wrong.
  return http;
}

Result<HttpResponse> Api::call(const AuthTarget& target, const Scopes& scopes,
                               const HttpRequest& request, Retry retry) {
  const std::optional<Url> url = Url::parse(request.url);
  const bool own_host = url && url->origin() == target.origin;
  bool renewed = false;
  int tries = 0;
  int holds = 0;
  while (true) {
    HttpRequest attempt = request;
    const std::string sent = own_host ? authenticator_.authorization(target, scopes) : "";
    if (!sent.empty()) {
      attempt.headers.emplace_back("Authorization", sent);
    }
    STRATA_ASSIGN(HttpResponse response, send_again(attempt, retry, tries, holds));
    if (response.status != 401 || !own_host || renewed) {
      return response;
    }
    renewed = true;
    STRATA_ASSIGN(const std::optional<std::string> fresh,
                  authenticator_.answer(target, scopes, response, sent));
    if (!fresh) {
      return response;
    }
  }
}

Result<HttpResponse> Api::send_again(const HttpRequest& request, Retry retry, int& tries,
                                     int& holds) {
  const std::optional<Url> url = Url::parse(request.url);
  const std::string origin = url ? url->origin() : "";
  while (true) {
    STRATA_TRY(wait_for_host(origin));
    Result<HttpResponse> response = http_.send(request);
    if (!response) {
      if (response.error().code != ErrorCode::Network || retry != Retry::All) {
        return std::move(response).error();
      }
      STRATA_TRY(back_off(++tries, response.error()));
      continue;
    }
    if (!is_passing(response->status)) {
      return response;
    }
    STRATA_ASSIGN(const bool held, hold(origin, *response, ++holds));
    if (retry == Retry::None) {
      return response;
    }
    if (held) {
      continue;
    }
    ++tries;
    if (tries >= kTries) {
      return response;
    }
    STRATA_TRY(
        back_off(tries, Error{ErrorCode::Network, origin + ": " + status_text(response->status)}));
  }
}

Result<bool> Api::hold(const std::string& origin, const HttpResponse& response, int holds) {
  if (response.status != 429 && response.status != 503) {
    return false;
  }
  const std::optional<int> seconds =
      retry_after_seconds(response.header("retry-after"), std::time(nullptr));
  if (!seconds || holds > kHolds) {
    return false;
  }
  const Clock::time_point now = Clock::now();
  const Clock::time_point until = now + std::chrono::seconds(*seconds);
  {
    const std::lock_guard lock(mutex_);
    Clock::time_point& known = not_before_[origin];
    const auto more =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::max(known, now));
    // Threads that were refused at the same moment wait once.
    if (more < std::chrono::milliseconds(500)) {
      return true;
    }
    if (held_ + more > std::chrono::seconds(options_.max_retry_wait_seconds)) {
      return Error{ErrorCode::Input, origin + ": " + status_text(response.status) +
                                         ", asks to wait " + std::to_string(*seconds) +
                                         " s, which is too long; try again later"};
    }
    held_ += more;
    known = until;
  }
  notice(origin + ": " + status_text(response.status) + "; waiting " + std::to_string(*seconds) +
         " s, as it asks");
  return true;
}

Result<void> Api::wait_for_host(const std::string& origin) {
  Clock::time_point until;
  {
    const std::lock_guard lock(mutex_);
    const auto found = not_before_.find(origin);
    if (found == not_before_.end()) {
      return {};
    }
    until = found->second;
  }
  return wait_until(until);
}

Result<void> Api::wait_until(Clock::time_point time) {
  while (Clock::now() < time) {
    if (http_.cancelled()) {
      return Error{ErrorCode::Interrupted, "interrupted while waiting for a registry"};
    }
    std::this_thread::sleep_for(
        std::min<Clock::duration>(time - Clock::now(), std::chrono::milliseconds(50)));
  }
  return {};
}

Result<void> Api::back_off(int tries, const Error& why) {
  if (tries >= kTries) {
    return why;
  }
  notice(why.message + "; trying again (" + std::to_string(tries) + " of " +
         std::to_string(kTries - 1) + ")");
  return wait_until(Clock::now() +
                    std::chrono::milliseconds(options_.retry_delay_ms) * (1 << (tries - 1)));
}

Error Api::refused(const std::string& what, const AuthTarget& target,
                   const HttpResponse& response) {
  std::string message = what + ": " + status_text(response.status);
  const std::optional<Url> from = Url::parse(response.final_url);
  if (from && from->origin() != target.origin) {
    message += " from " + from->origin();
  }
  if (const std::string own = registry_error(response.body); !own.empty()) {
    message += " (" + own + ")";
  }
  const bool known = authenticator_.has_credentials(target);
  switch (response.status) {
    case 401:
    case 403:
      message += known ? "; the stored login for " + target.registry + " does not suffice"
                       : "; it is private or does not exist; log in with `" +
                             login_command(target.registry) + "`";
      break;
    case 404:
      message += "; check the spelling";
      break;
    case 429:
      message += "; try again later";
      break;
    default:
      break;
  }
  return Error{response.status == 404 ? ErrorCode::NotFound : ErrorCode::Network,
               std::move(message)};
}

}  // namespace strata::backend
