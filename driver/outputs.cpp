// -o: where an image goes beside the store.
#include "driver/outputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "backend/oci/outputs.h"
#include "backend/system/files.h"
#include "backend/system/wait_ready.h"
#include "driver/console.h"
#include "driver/output_checks.h"
#include "ir/reference.h"

namespace strata::driver {
namespace {

// Starts it with the signals that a fresh process has. Its standard output says what it has loaded,
// which strata says itself, and is dropped; errors are on the other one. nullopt when there is no
// such program.
std::optional<pid_t> start_loader(const std::string& program, const std::string& archive) {
  std::string load = "load";
  std::string input = "-i";
  std::string path = archive;
  std::string name = program;
  std::string quiet = "-q";
  char* arguments[] = {name.data(), load.data(), quiet.data(), input.data(), path.data(), nullptr};
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, program.c_str(), &actions, &attributes, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error == 0 ? std::optional(pid) : std::nullopt;
}

// Its status; at a wish to stop it is ended.
Result<int> wait_for_loader(pid_t pid) {
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid) {
      return status;
    }
    Result<void> paused = backend::pause_briefly();
    if (!paused) {
      ::kill(pid, SIGKILL);
      while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
      }
      return std::move(paused).error();
    }
  }
}

// True when the command ran and succeeded; false when there is no such program.
Result<bool> run_loader(const std::string& program, const std::string& archive) {
  const std::optional<pid_t> pid = start_loader(program, archive);
  if (!pid) {
    return false;
  }
  STRATA_ASSIGN(const int status, wait_for_loader(*pid));
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
  bool failed = false;
  for (const std::string& program : loaders()) {
    auto loaded = run_loader(program, request.dest);
    if (loaded && *loaded) {
      if (failed) {
        remark("strata: {}; {} has the image now\n", failure, program);
      }
      return backend::remove_tree(scratch);
    }
    if (!loaded && loaded.error().code == ErrorCode::Interrupted) {
      return std::move(loaded).error();
    }
    if (!loaded) {
      failure = loaded.error().message;
      failed = true;
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
  STRATA_TRY(check_output(output));
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
