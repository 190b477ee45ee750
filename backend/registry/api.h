#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "backend/registry/auth.h"
#include "backend/registry/http.h"
#include "backend/registry/registry.h"
#include "ir/base/result.h"

namespace strata::backend {

// What may be sent again without asking the caller.
enum class Retry {
  // Everything: the request is idempotent and its answer is kept whole.
  All,
  // Only an answer that is an error status; a transfer that breaks is the caller's to resume.
  Status,
  // Nothing but the one renewal of a token; the caller starts over (an upload session).
  None,
};

// To everyone above this folder what is "no use to try again" (HttpClient's Input) is an error of
// the network like the others.
[[nodiscard]] Error as_network(Error error);

// Requests to registries: scheme, authentication, retries, Retry-After. Thread-safe.
class Api {
 public:
  Api(HttpClient& http, const RegistryOptions& options);

  // The API of `host` (host[:port]) for a repository. https, but http where it is allowed and
  // answers. Error: none answers.
  Result<AuthTarget> target(const std::string& host, const std::string& repository);
  // Sends it with an Authorization when it goes to the target's own host. Errors as
  // HttpClient's: Input when it is no use to try again. A status is an answer.
  Result<HttpResponse> call(const AuthTarget& target, const Scopes& scopes,
                            const HttpRequest& request, Retry retry);
  // The error that an answer of the wrong status means: `what`, the status, the registry's own
  // message, and what helps.
  [[nodiscard]] Error refused(const std::string& what, const AuthTarget& target,
                              const HttpResponse& response);
  // Before try number `tries` + 1 of something that failed because of `why`. Error: Interrupted,
  // or `why` itself when there were enough tries.
  Result<void> back_off(int tries, const Error& why);
  void notice(const std::string& message);

 private:
  Result<HttpResponse> send_again(const HttpRequest& request, Retry retry, int& tries, int& holds);
  Result<bool> hold(const std::string& origin, const HttpResponse& response, int holds);
  Result<void> wait_until(std::chrono::steady_clock::time_point time);
  Result<void> wait_for_host(const std::string& origin);
  Result<std::string> probe(const std::string& host);

  HttpClient& http_;
  const RegistryOptions& options_;
  Authenticator authenticator_;
  std::mutex notice_mutex_;
  std::mutex mutex_;
  // By origin: a host that said Retry-After gets no request before then, from any thread.
  std::map<std::string, std::chrono::steady_clock::time_point> not_before_;
  std::chrono::milliseconds held_{0};
  std::mutex probe_mutex_;
  std::map<std::string, std::string> origins_;
};

}  // namespace strata::backend
