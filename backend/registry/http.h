#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ir/base/result.h"

namespace strata::backend {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Sends this file's bytes as the body (with Content-Length) when not "".
  std::string body_file;
  // Called with each piece of a 2xx answer's body; false stops the transfer with an error. When
  // empty the body is kept in HttpResponse.
  std::function<bool(const char* data, std::size_t size)> on_body;
  // Redirects are followed (at most 5, http and https only); Authorization is dropped on a change
  // of host.
  bool follow_redirects = true;
};

struct HttpResponse {
  int status = 0;
  // Names in lower case; the last answer's.
  std::multimap<std::string, std::string> headers;
  std::string body;
  std::string final_url;
};

// The seam to the network. Thread-safe. Errors (Network): could not connect, TLS, cut off. An HTTP
// status is never an Error.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

[[nodiscard]] std::unique_ptr<HttpClient> make_curl_client();

}  // namespace strata::backend
