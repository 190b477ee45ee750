#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::backend {

struct Credentials {
  std::string username;
  std::string password;
  // An OAuth2 refresh token, in place of the two above.
  std::string identity_token;
  // A bearer token to send as it is.
  std::string registry_token;
  bool operator==(const Credentials&) const = default;
};

// The credentials that `docker login` and `podman login` keep. Reads its files at each find():
// a helper may be costly, so ask only when a registry wants credentials.
class DockerConfig {
 public:
  // Files in order; the first that has credentials for a registry wins. Missing ones are skipped.
  explicit DockerConfig(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  // $REGISTRY_AUTH_FILE; $DOCKER_CONFIG/config.json, else ~/.docker/config.json;
  // $XDG_RUNTIME_DIR/containers/auth.json; $XDG_CONFIG_HOME/containers/auth.json.
  [[nodiscard]] static DockerConfig from_environment();

  // `registry` as in a reference ("docker.io", "localhost:5000"). In a file credHelpers go before
  // credsStore before auths; auths may name a repository prefix (containers-auth.json(5)). nullopt:
  // none. Error (Machine): a file that is not JSON, a helper that is not there or fails.
  [[nodiscard]] Result<std::optional<Credentials>> find(const std::string& registry,
                                                        const std::string& repository) const;
  // The proxy variables that docker gives to builds and containers: `proxies.default` of the first
  // file that has it, each name in capitals and in small letters. Error (Machine): as find().
  [[nodiscard]] Result<ir::Pairs> proxies() const;
  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

 private:
  std::vector<std::string> paths_;
};

// Asks docker-credential-<helper> (the docker-credential-helpers protocol: `get`, the server on
// stdin, JSON on stdout) and ends it after `timeout_seconds`. nullopt: it has none.
[[nodiscard]] Result<std::optional<Credentials>> ask_credential_helper(const std::string& helper,
                                                                       const std::string& server,
                                                                       int timeout_seconds = 30);

}  // namespace strata::backend
