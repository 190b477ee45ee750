#pragma once

#include <utility>

#include "backend/registry/client.h"
#include "backend/registry/registry.h"

namespace strata::backend {

struct Registry::State {
  State(HttpClient& http, Store& store, RegistryOptions options)
      : client(http, store, std::move(options)) {}
  Client client;
};

}  // namespace strata::backend
