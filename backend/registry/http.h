#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend {

struct HttpResponse {
  int status = 0;
  // Names in lower case; the last answer's.
  std::multimap<std::string, std::string> headers;
  std::string body;
  // Where the last answer came from; another host than the request's after a redirect.
  std::string final_url;

  // The first header of that name (lower case), "" when there is none.
  [[nodiscard]] std::string header(const std::string& name) const;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Sends this file's bytes as the body (with Content-Length) when not "".
  std::string body_file;
  // What its bytes must hash to. They are hashed on their way; wrong ones are an error (Corrupt)
  // before the last of them is sent, so that no server takes the body for whole.
  std::optional<Digest> body_digest;
  // Called once with status and headers before the body of a 2xx answer; false stops the transfer
  // with an error.
  std::function<bool(const HttpResponse& head)> on_head;
  // Called with each piece of a 2xx answer's body; false stops the transfer with an error. When
  // empty the body is kept in HttpResponse.
  std::function<bool(const char* data, std::size_t size)> on_body;
  // A kept body (any status) that grows beyond this is an error; it also bounds how long the whole
  // answer may take.
  std::uint64_t max_body = std::uint64_t{1} << 20;
  // Redirects are followed (at most 5, http and https only, never from https to http);
  // Authorization is dropped on a change of scheme, host or port.
  bool follow_redirects = true;
};

// The seam to the network. Thread-safe. An HTTP status is never an Error. Errors:
//   Network      could not connect, cut off, too slow: trying again may help
//   Input        no such host, bad certificate, bad URL or redirect, silent for too long already:
//                it will not
//   Corrupt      the body's file is damaged
//   Interrupted  after cancel() or request_interrupt()
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  // Makes every running and later send() fail soon. Safe in a signal handler.
  virtual void cancel() {}
  [[nodiscard]] virtual bool cancelled() const { return false; }
};

// How long a server may take.
struct HttpLimits {
  // TCP and TLS.
  int connect_seconds = 15;
  // A transfer that moved less than `min_rate` bytes a second for so long ends with Network. What
  // writes gets twice that, and a second more for each 32 MiB of an upload: a registry hashes or
  // copies the whole between the last byte and its answer.
  int slow_seconds = 30;
  int min_rate = 1024;
  // A kept answer ends after so long, and a second more for each 64 KiB of body and max_body.
  int answer_seconds = 60;
  // A host that was too slow, and has not answered since, for this long is given up: with Input.
  int patience_seconds = 45;
};
[[nodiscard]] std::unique_ptr<HttpClient> make_curl_client(HttpLimits limits = {});

}  // namespace strata::backend
