// Finds credentials in docker's and podman's configuration files.
#include "backend/registry/docker_config.h"

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "backend/system/files.h"
#include "ir/base/parse_json.h"
#include "ir/base/path.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

using nlohmann::json;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string string_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const json* object_member(const json& object, const std::string& name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? &*found : nullptr;
}

// The names one registry goes by, its own first; for docker.io the server's name for helpers
// first.
std::vector<std::string> aliases(const std::string& registry) {
  if (registry == "docker.io" || registry == "index.docker.io" ||
      registry == "registry-1.docker.io") {
    return {"https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"};
  }
  return {registry};
}

// Old entries are URLs: https://host/v1/.
std::string host_of_key(const std::string& key) {
  std::string_view rest = key;
  bool legacy = false;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      legacy = true;
    }
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) {
    return std::string(rest);
  }
  const std::string_view path = rest.substr(slash);
  legacy =
      legacy || path == "/" || path == "/v1/" || path == "/v2/" || path == "/v1" || path == "/v2";
  return legacy ? std::string(rest.substr(0, slash)) : std::string(rest);
}

std::optional<Credentials> read_entry(const json& entry) {
  if (!entry.is_object()) {
    return std::nullopt;
  }
  Credentials credentials;
  credentials.username = string_member(entry, "username");
  credentials.password = string_member(entry, "password");
  credentials.identity_token = string_member(entry, "identitytoken");
  credentials.registry_token = string_member(entry, "registrytoken");
  if (const std::optional<std::string> pair = base64_decode(string_member(entry, "auth"))) {
    const std::size_t colon = pair->find(':');
    if (colon != std::string::npos) {
      credentials.username = pair->substr(0, colon);
      credentials.password = pair->substr(colon + 1);
      while (credentials.password.ends_with('\0')) {
        credentials.password.pop_back();
      }
    }
  }
  if (credentials.username.empty() && credentials.identity_token.empty() &&
      credentials.registry_token.empty()) {
    return std::nullopt;
  }
  return credentials;
}

std::optional<Credentials> find_entry(const json& auths, const std::string& registry,
                                      const std::string& repository) {
  const std::vector<std::string> names = aliases(registry);
  // host/a/b, host/a, …: the longest prefix wins.
  for (std::string path = repository; !path.empty();) {
    for (const std::string& name : names) {
      if (const auto found = auths.find(std::string(name).append("/").append(path));
          found != auths.end()) {
        if (std::optional<Credentials> credentials = read_entry(*found)) {
          return credentials;
        }
      }
    }
    path.resize(parent_of(path).size());
  }
  for (const std::string& name : names) {
    if (const auto found = auths.find(name); found != auths.end()) {
      if (std::optional<Credentials> credentials = read_entry(*found)) {
        return credentials;
      }
    }
  }
  for (const auto& [key, entry] : auths.items()) {
    for (const std::string& name : names) {
      if (host_of_key(key) == name) {
        if (std::optional<Credentials> credentials = read_entry(entry)) {
          return credentials;
        }
      }
    }
  }
  return std::nullopt;
}

// nullopt: there is no such file.
Result<std::optional<json>> read_config(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text && text.error().code == ErrorCode::NotFound) {
    return std::optional<json>();
  }
  if (!text) {
    return std::move(text).error();
  }
  Result<json> config = parse_json(*text);
  if (!config || !config->is_object()) {
    return Error{ErrorCode::Machine,
                 path + ": " + (config ? "not a JSON object" : config.error().message)};
  }
  return std::optional(*std::move(config));
}

Result<std::optional<Credentials>> find_in(const json& config, const std::string& registry,
                                           const std::string& repository) {
  const std::vector<std::string> names = aliases(registry);
  if (const json* const helpers = object_member(config, "credHelpers")) {
    for (const std::string& name : names) {
      const std::string helper = string_member(*helpers, name.c_str());
      if (!helper.empty()) {
        return ask_credential_helper(helper, names.front());
      }
    }
  }
  if (const std::string helper = string_member(config, "credsStore"); !helper.empty()) {
    STRATA_ASSIGN(std::optional<Credentials> credentials,
                  ask_credential_helper(helper, names.front()));
    if (credentials) {
      return credentials;
    }
  }
  const json* const auths = object_member(config, "auths");
  return auths == nullptr ? std::nullopt : find_entry(*auths, registry, repository);
}

}  // namespace

DockerConfig DockerConfig::from_environment() {
  const std::string home = environment("HOME");
  std::vector<std::string> paths;
  const auto add = [&paths](const std::string& folder, const std::string& file) {
    if (!folder.empty()) {
      paths.push_back(folder + file);
    }
  };
  add(environment("REGISTRY_AUTH_FILE"), "");
  if (const std::string docker = environment("DOCKER_CONFIG"); !docker.empty()) {
    add(docker, "/config.json");
  } else {
    add(home, "/.docker/config.json");
  }
  add(environment("XDG_RUNTIME_DIR"), "/containers/auth.json");
  if (const std::string xdg = environment("XDG_CONFIG_HOME"); !xdg.empty()) {
    add(xdg, "/containers/auth.json");
  } else {
    add(home, "/.config/containers/auth.json");
  }
  return DockerConfig(std::move(paths));
}

Result<std::optional<Credentials>> DockerConfig::find(const std::string& registry,
                                                      const std::string& repository) const {
  for (const std::string& path : paths_) {
    STRATA_ASSIGN(const std::optional<json> config, read_config(path));
    if (!config) {
      continue;
    }
    Result<std::optional<Credentials>> found = find_in(*config, registry, repository);
    if (!found) {
      return std::move(found).error().with_context(path);
    }
    if (*found) {
      return found;
    }
  }
  return std::optional<Credentials>();
}

Result<ir::Pairs> DockerConfig::proxies() const {
  struct Known {
    const char* member;
    const char* variable;
  };
  constexpr std::array<Known, 5> kKnown = {{{"allProxy", "all_proxy"},
                                            {"ftpProxy", "ftp_proxy"},
                                            {"httpProxy", "http_proxy"},
                                            {"httpsProxy", "https_proxy"},
                                            {"noProxy", "no_proxy"}}};
  for (const std::string& path : paths_) {
    STRATA_ASSIGN(const std::optional<json> config, read_config(path));
    const json* const all = config ? object_member(*config, "proxies") : nullptr;
    const json* const own = all != nullptr ? object_member(*all, "default") : nullptr;
    if (own == nullptr) {
      continue;
    }
    ir::Pairs proxies;
    for (const Known& known : kKnown) {
      if (const std::string value = string_member(*own, known.member); !value.empty()) {
        proxies.emplace_back(ascii_upper(known.variable), value);
        proxies.emplace_back(known.variable, value);
      }
    }
    return proxies;
  }
  return ir::Pairs();
}

}  // namespace strata::backend
