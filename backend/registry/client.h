#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/registry/api.h"
#include "backend/registry/registry.h"

namespace strata::backend {

// What resolve, pull and push share.
struct Client {
  Client(HttpClient& http, Store& the_store, RegistryOptions the_options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Where to read a reference from: the registry's mirrors, then itself.
  [[nodiscard]] std::vector<std::string> hosts(const std::string& registry) const;
  // The repositories of a registry that are known to hold a blob, sorted.
  [[nodiscard]] std::vector<std::string> origins(const std::string& registry, const Digest& blob);
  void note_origin(const ir::Reference& reference, const Digest& blob);

  // Calls read(target) for each host until one succeeds. An error tells what all of them said; what
  // no other host can mend (Machine, Io, Interrupted) ends it.
  template <typename Read>
  auto from_any_host(const ir::Reference& reference, const Read& read)
      -> decltype(read(std::declval<const AuthTarget&>()));

  Store& store;
  const RegistryOptions options;
  Api api;

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, Digest>, std::set<std::string>> origins_;
};

[[nodiscard]] inline Scopes pull_scope(const std::string& repository) {
  return {"repository:" + repository + ":pull"};
}

template <typename Read>
auto Client::from_any_host(const ir::Reference& reference, const Read& read)
    -> decltype(read(std::declval<const AuthTarget&>())) {
  const std::vector<std::string> all = hosts(reference.registry);
  std::string earlier;
  for (std::size_t i = 0;; ++i) {
    Result<AuthTarget> target = api.target(all[i], reference.repository);
    auto result =
        target ? read(*target)
               : decltype(read(*target))(std::move(target).error().with_context(reference.str()));
    if (result) {
      return result;
    }
    Error error = as_network(std::move(result).error());
    const bool final = error.code != ErrorCode::Network && error.code != ErrorCode::NotFound;
    if (i + 1 == all.size() || final) {
      error.message += earlier;
      return error;
    }
    // That a mirror does not have it is nothing odd.
    if (error.code == ErrorCode::Network) {
      api.notice("mirror " + all[i] + ": " + error.message + "; asking " + all[i + 1]);
    }
    earlier += " (mirror " + all[i] + ": " + error.message + ")";
  }
}

}  // namespace strata::backend
