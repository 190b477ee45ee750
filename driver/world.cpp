// Opens the store and the network for a command, and finds images by what users call them.
#include "driver/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "backend/execute/executor.h"
#include "backend/oci/image.h"
#include "driver/console.h"
#include "ir/base/text.h"
#include "ir/reference.h"

namespace strata::driver {
unsigned default_jobs() { return std::max(1U, std::thread::hardware_concurrency()); }

Result<World> World::open(unsigned jobs) {
  World world;
  STRATA_ASSIGN(world.store, backend::Store::open(backend::Store::default_path()));
  backend::remove_stale_runtime_state(
      world.store->path(), [&](const std::string& id) { return world.store->is_running(id); });
  world.http = backend::make_curl_client();
  backend::RegistryOptions options;
  options.jobs = std::max(2U, jobs);
  if (const char* mirrors = std::getenv("STRATA_REGISTRY_MIRROR")) {
    auto parsed = backend::parse_mirrors(mirrors);
    if (!parsed) {
      return Error{ErrorCode::Input,
                   fmt::format("$STRATA_REGISTRY_MIRROR: `{}` is not HOST=MIRROR[,…]", mirrors)};
    }
    options.mirrors = *std::move(parsed);
  }
  options.on_notice = [](const std::string& message) { remark("strata: {}\n", message); };
  world.registry =
      std::make_unique<backend::Registry>(*world.http, *world.store, std::move(options));
  return world;
}

Result<std::unique_ptr<backend::Executor>> start_executor(const World& world,
                                                          const std::string& runtime) {
  const backend::Store& store = *world.store;
  return backend::Executor::start({.runtime = runtime,
                                   .id = backend::runtime_state_id(store.path(), store.build_id()),
                                   .state_directory = store.path() + "/tmp/" + store.build_id()});
}

Result<std::string> platform_of(const std::string& text) {
  if (text.empty()) {
    return ir::host_platform();
  }
  auto normalized = ir::normalize_platform(text);
  if (!normalized) {
    return Error{ErrorCode::Input, fmt::format("`{}` is not a platform (os/arch[/variant])", text)};
  }
  return *std::move(normalized);
}

Result<backend::Descriptor> find_image(const backend::Store& store, const std::string& name) {
  STRATA_ASSIGN(const std::vector<backend::Ref> refs, store.refs());
  const auto reference = ir::Reference::parse(name);
  const std::string hex = name.starts_with("sha256:") ? name.substr(7) : name;
  std::vector<std::string> names;
  const backend::Ref* by_digest = nullptr;
  bool ambiguous = false;
  for (const backend::Ref& ref : refs) {
    if (ref.name == name || (reference && ref.name == reference->str())) {
      return ref.manifest;
    }
    if (hex.size() >= 12 && ref.manifest.digest.hex().starts_with(hex)) {
      ambiguous = ambiguous || (by_digest != nullptr && by_digest->manifest != ref.manifest);
      by_digest = &ref;
    }
    names.push_back(ref.name);
  }
  if (ambiguous) {
    return Error{ErrorCode::Input, fmt::format("`{}` begins the digests of several images", name)};
  }
  if (by_digest != nullptr) {
    return by_digest->manifest;
  }
  if (const auto digest = Digest::parse(name)) {
    if (const auto size = store.blob_size(*digest)) {
      return backend::Descriptor{std::string(backend::oci::kManifestType), *digest, *size, {}, ""};
    }
  }
  Error error{ErrorCode::NotFound, fmt::format("there is no image `{}` in the store", name)};
  if (const auto near = nearest(reference ? reference->str() : name, names)) {
    error.message += fmt::format("; did you mean `{}`?", *near);
  }
  return error;
}

}  // namespace strata::driver
