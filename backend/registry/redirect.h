#pragma once

#include <optional>

#include "backend/registry/http.h"
#include "ir/base/result.h"

namespace strata::backend {

// The request that a redirect asks for, or nullopt when `response` is none. Authorization stays
// only within the same scheme, host and port (CVE-2018-1000007 of curl and its kin; S3 refuses a
// second one). Error (Input): not http(s), or from https down to http.
[[nodiscard]] Result<std::optional<HttpRequest>> next_request(const HttpRequest& request,
                                                              const HttpResponse& response);

}  // namespace strata::backend
