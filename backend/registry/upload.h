#pragma once

#include <string>

#include "backend/registry/client.h"

namespace strata::backend {

// Sees to it that a registry's repository has a blob of the store: HEAD, a mount from a repository
// known to have it, else a monolithic upload. `what` names it in errors.
Result<void> upload_blob(Client& client, const AuthTarget& target, const ir::Reference& reference,
                         const std::string& what, const Descriptor& blob);

// The URL of an upload session's next request. Location is opaque: absolute, relative, with query.
// A registry behind a TLS proxy may name itself by http; that is put right, another host's http is
// refused (nullopt).
[[nodiscard]] std::optional<std::string> session_url(const std::string& request_url,
                                                     const std::string& location);

}  // namespace strata::backend
