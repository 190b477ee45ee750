// -o: where an image goes beside the store.
#include "driver/outputs.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "backend/oci/outputs.h"
#include "backend/system/files.h"
#include "ir/reference.h"

namespace strata::driver {
namespace {

// True when the command ran and succeeded; false when there is no such program.
Result<bool> run_loader(const std::string& program, const std::string& archive) {
  std::string load = "load";
  std::string input = "-i";
  std::string path = archive;
  std::string name = program;
  char* arguments[] = {name.data(), load.data(), input.data(), path.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, program.c_str(), nullptr, nullptr, arguments, environ);
  if (error != 0) {
    return false;
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return false;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error{ErrorCode::Machine, fmt::format("`{} load` failed", program)};
  }
  return true;
}

Result<void> load(World& world, backend::oci::ExportRequest request) {
  STRATA_ASSIGN(const std::string scratch, world.store->new_scratch("load"));
  request.dest = scratch + "/image.tar";
  STRATA_TRY(backend::oci::export_docker_archive(*world.store, request));
  std::string failure = "there is neither docker nor podman to load the image into";
  for (const char* program : {"docker", "podman"}) {
    auto loaded = run_loader(program, request.dest);
    if (loaded && *loaded) {
      return backend::remove_tree(scratch);
    }
    if (!loaded) {
      failure = loaded.error().message;
    }
  }
  return Error{ErrorCode::Machine, failure};
}

Result<void> push_all(World& world, const OutputOption& output, const backend::Descriptor& manifest,
                      const std::vector<std::string>& names) {
  std::vector<std::string> destinations = names;
  if (!output.ref.empty()) {
    destinations = {output.ref};
  }
  if (destinations.empty()) {
    return Error{ErrorCode::Input, "a push needs a name: -t NAME or ref=NAME"};
  }
  for (const std::string& name : destinations) {
    const auto reference = ir::Reference::parse(name);
    if (!reference) {
      return Error{ErrorCode::Input, fmt::format("`{}` is not an image reference", name)};
    }
    STRATA_TRY(world.registry->push(*reference, manifest));
  }
  return {};
}

}  // namespace

Result<void> write_output(World& world, const OutputOption& output,
                          const backend::Descriptor& manifest,
                          const std::vector<std::string>& names) {
  const backend::oci::ExportRequest request{manifest, names, output.dest};
  if (output.type == "oci") {
    return backend::oci::export_oci_layout(*world.store, request);
  }
  if (output.type == "oci-archive") {
    return backend::oci::export_oci_archive(*world.store, request);
  }
  if (output.type == "docker") {
    return output.dest.empty() ? load(world, request)
                               : backend::oci::export_docker_archive(*world.store, request);
  }
  if (output.type == "tar") {
    return backend::oci::export_tar(*world.store, request);
  }
  if (output.type == "local") {
    return backend::oci::export_local(*world.store, request);
  }
  return push_all(world, output, manifest, names);
}

}  // namespace strata::driver
