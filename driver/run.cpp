// strata run: an image as a process.
#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "backend/build/users.h"
#include "backend/execute/executor.h"
#include "backend/oci/image.h"
#include "backend/oci/layer_trees.h"
#include "backend/oci/root_content.h"
#include "backend/system/files.h"
#include "backend/tree/root_view.h"
#include "driver/commands.h"
#include "driver/run_spec.h"
#include "driver/signals.h"
#include "driver/world.h"
#include "ir/reference.h"

namespace strata::driver {
namespace {

Result<std::string> absolute(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) {
    return backend::errno_error(path, errno);
  }
  return std::string(resolved);
}

Result<backend::RunSpec::Bind> bind_of(const std::string& volume) {
  const std::size_t first = volume.find(':');
  if (first == std::string::npos) {
    return Error{ErrorCode::Input, fmt::format("-v {}: not SOURCE:TARGET[:ro]", volume)};
  }
  const std::size_t second = volume.find(':', first + 1);
  const std::string mode = second == std::string::npos ? "rw" : volume.substr(second + 1);
  if (mode != "ro" && mode != "rw") {
    return Error{ErrorCode::Input,
                 fmt::format("-v {}: unknown option `{}` (known: ro, rw)", volume, mode)};
  }
  backend::RunSpec::Bind bind;
  STRATA_ASSIGN(bind.source, absolute(volume.substr(0, first)));
  bind.target = volume.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (!bind.target.starts_with('/')) {
    return Error{ErrorCode::Input, fmt::format("-v {}: the target is not absolute", volume)};
  }
  bind.access = mode == "ro" ? backend::RunSpec::Bind::Access::ReadOnly
                             : backend::RunSpec::Bind::Access::ReadWrite;
  return bind;
}

class Run {
 public:
  explicit Run(const RunOptions& options) : options_(options) {}

  Result<int> run() {
    STRATA_ASSIGN(world_, World::open(1));
    STRATA_ASSIGN(
        const auto executor,
        backend::Executor::start({options_.runtime, world_.store->build_id(),
                                  world_.store->path() + "/tmp/" + world_.store->build_id()}));
    STRATA_ASSIGN(const backend::oci::Image image, find());
    STRATA_TRY(lay_out(image));
    STRATA_TRY(describe_process(image.config));
    STRATA_TRY(add_mounts(image));
    backend::Fd output(::dup(STDOUT_FILENO));
    if (!options_.interactive && !options_.tty) {
      // As docker without -i: the process finds its input at its end.
      STRATA_ASSIGN(const backend::Fd nothing, backend::open_read("/dev/null"));
      ::dup2(nothing.get(), STDIN_FILENO);
    }
    Interrupts interrupts([&] { executor->cancel(); });
    STRATA_ASSIGN(const backend::RunOutcome outcome, executor->run(spec_, output));
    STRATA_TRY(backend::remove_tree(spec_.scratch));
    return outcome.signal != 0 ? 128 + outcome.signal : outcome.exit_code;
  }

 private:
  // By name in the store, else pulled as docker run would.
  Result<backend::oci::Image> find() {
    auto descriptor = find_image(*world_.store, options_.image);
    if (!descriptor) {
      const auto reference = ir::Reference::parse(options_.image);
      if (!reference || options_.image.starts_with("sha256:")) {
        return std::move(descriptor).error();
      }
      STRATA_ASSIGN(backend::oci::Image pulled,
                    world_.registry->resolve(*reference, ir::host_platform()));
      STRATA_TRY(world_.registry->pull_layers(*reference, pulled));
      return pulled;
    }
    STRATA_ASSIGN(auto image, backend::oci::load_image(*world_.store, *descriptor));
    if (!image) {
      return Error{ErrorCode::NotFound,
                   fmt::format("image `{}` is not whole in the store", options_.image)};
    }
    return *std::move(image);
  }

  Result<void> lay_out(const backend::oci::Image& image) {
    STRATA_ASSIGN(digests_,
                  backend::oci::layer_trees(*world_.store, image, {backend::oci::Unpack::Yes}));
    std::vector<Digest> below;
    for (const Digest& digest : digests_) {
      STRATA_ASSIGN(auto tree, world_.store->tree(digest));
      if (!tree) {
        return Error{ErrorCode::Corrupt,
                     fmt::format("tree {} is gone from the store", digest.str())};
      }
      trees_.push_back(*std::move(tree));
      if (digest != backend::empty_tree_digest()) {
        STRATA_ASSIGN(std::string directory,
                      backend::oci::ensure_root(*world_.store, digest, below));
        spec_.lowers.push_back(std::move(directory));
      }
      below.push_back(digest);
    }
    STRATA_ASSIGN(spec_.scratch, world_.store->new_scratch("run"));
    return {};
  }

  Result<void> describe_process(const ir::ImageConfig& config) {
    const backend::RootView view(trees_);
    const auto content = backend::oci::root_content(*world_.store, digests_, view);
    const std::string user = options_.user.empty() ? config.user : options_.user;
    STRATA_ASSIGN(const backend::ProcessUser who,
                  backend::resolve_process_user(user, view, *content));
    spec_.uid = who.uid;
    spec_.gid = who.gid;
    spec_.groups = who.groups;
    spec_.home = who.home;
    spec_.env = config.env;
    for (const auto& [name, value] : options_.env) {
      std::erase_if(spec_.env, [&, key = name](const auto& pair) { return pair.first == key; });
      spec_.env.emplace_back(name, value);
    }
    const bool has_path = std::any_of(spec_.env.begin(), spec_.env.end(),
                                      [](const auto& pair) { return pair.first == "PATH"; });
    if (!has_path) {
      spec_.env.emplace_back("PATH",
                             "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }
    spec_.cwd = !options_.workdir.empty() ? options_.workdir
                : config.workdir.empty()  ? "/"
                                          : config.workdir;
    spec_.args = config.entrypoint.value_or(ir::Strings());
    if (!options_.entrypoint.empty()) {
      spec_.args = {options_.entrypoint};
    }
    const bool own_command = !options_.command.empty() || !options_.entrypoint.empty();
    const ir::Strings command = own_command ? options_.command : config.cmd.value_or(ir::Strings());
    spec_.args.insert(spec_.args.end(), command.begin(), command.end());
    if (spec_.args.empty()) {
      return Error{
          ErrorCode::Input,
          fmt::format("image `{}` has neither CMD nor ENTRYPOINT; give a command", options_.image)};
    }
    if (options_.tty) {
      spec_.env.emplace_back("TERM",
                             std::getenv("TERM") != nullptr ? std::getenv("TERM") : "xterm");
    }
    spec_.terminal =
        options_.tty ? backend::RunSpec::Terminal::Inherit : backend::RunSpec::Terminal::Stdio;
    spec_.epoch = config.created.value_or(0);
    return {};
  }

  Result<void> add_mounts(const backend::oci::Image& image) {
    STRATA_ASSIGN(const RunSpecFile run_spec,
                  read_run_spec(*world_.store, image.manifest_descriptor.digest));
    for (const ir::RunMount& mount : run_spec.mounts) {
      STRATA_ASSIGN(std::string source, absolute(run_spec.context + "/" + mount.source));
      spec_.binds.push_back(
          {std::move(source), mount.target, backend::RunSpec::Bind::Access::ReadOnly});
    }
    for (const std::string& volume : options_.volumes) {
      STRATA_ASSIGN(backend::RunSpec::Bind bind, bind_of(volume));
      spec_.binds.push_back(std::move(bind));
    }
    return {};
  }

  const RunOptions& options_;
  World world_;
  backend::RunSpec spec_;
  std::vector<std::shared_ptr<const backend::Tree>> trees_;
  std::vector<Digest> digests_;
};

}  // namespace

ExitCode run_image(const RunOptions& options) {
  auto code = Run(options).run();
  return code ? static_cast<ExitCode>(*code) : report(code.error());
}

}  // namespace strata::driver
