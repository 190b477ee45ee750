#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend/context/context.h"
#include "backend/execute/executor.h"
#include "backend/registry/http.h"
#include "backend/registry/registry.h"
#include "backend/store/store.h"
#include "ir/base/result.h"

namespace strata::driver {

// The parts of the world that nearly every command needs, opened in the right order.
struct World {
  std::unique_ptr<backend::Store> store;
  std::unique_ptr<backend::HttpClient> http;
  std::unique_ptr<backend::Registry> registry;

  // Opens the store ($STRATA_HOME) and makes a registry client over it. Starts no thread.
  static Result<World> open(unsigned jobs);
};

// Forks: to be called before any thread starts. `runtime` as in --runtime.
[[nodiscard]] Result<std::unique_ptr<backend::Executor>> start_executor(const World& world,
                                                                        const std::string& runtime);

[[nodiscard]] unsigned default_jobs();

// As --platform gives it, normalized; this machine's for "". Error Input: no platform.
[[nodiscard]] Result<std::string> platform_of(const std::string& text);
// An image of the store by name, else by digest (`sha256:…`, or 12 and more of its hex digits).
// Errors: NotFound with the nearest names, Input when the digits are those of several images.
[[nodiscard]] Result<backend::Descriptor> find_image(const backend::Store& store,
                                                     const std::string& name);

}  // namespace strata::driver
