// The redirect policy, apart from the transport so that it can be tested.
#include "backend/registry/redirect.h"

#include <algorithm>

#include "backend/registry/url.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

void drop_header(HttpRequest& request, std::string_view name) {
  std::erase_if(request.headers,
                [&](const auto& header) { return ascii_iequals(header.first, name); });
}

}  // namespace

std::string HttpResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

Result<std::optional<HttpRequest>> next_request(const HttpRequest& request,
                                                const HttpResponse& response) {
  const int status = response.status;
  const bool redirects =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  const std::string location = response.header("location");
  if (!redirects || location.empty()) {
    return std::optional<HttpRequest>();
  }
  const std::string shown(without_query(request.url));
  const std::optional<Url> from = Url::parse(request.url);
  const std::optional<Url> to = from ? from->resolve(location) : std::nullopt;
  if (!to) {
    return Error{ErrorCode::Input, shown + ": redirects to something that is not http(s)"};
  }
  if (from->scheme == "https" && to->scheme == "http") {
    return Error{ErrorCode::Input, shown + ": redirects from https to http (" + to->origin() + ")"};
  }
  HttpRequest next = request;
  next.url = to->str();
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && (status == 303 || (request.method == "POST" && (status == 301 || status == 302)))) {
    next.method = "GET";
    next.body.clear();
    next.body_file.clear();
    drop_header(next, "Content-Type");
  }
  if (from->origin() != to->origin()) {
    drop_header(next, "Authorization");
  }
  return std::optional<HttpRequest>(std::move(next));
}

}  // namespace strata::backend
