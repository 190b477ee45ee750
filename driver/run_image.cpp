// An image, as its config says that it is started.
#include <fmt/format.h>

#include <algorithm>

#include "backend/oci/image.h"
#include "backend/oci/layer_trees.h"
#include "backend/system/files.h"
#include "driver/local_mounts.h"
#include "driver/run_start.h"
#include "ir/image_config.h"
#include "ir/reference.h"

namespace strata::driver {
namespace {

Result<backend::oci::Image> find(World& world, const std::string& name) {
  auto descriptor = find_image(*world.store, name);
  if (!descriptor) {
    const auto reference = ir::Reference::parse(name);
    if (!reference || name.starts_with("sha256:")) {
      return std::move(descriptor).error();
    }
    STRATA_ASSIGN(backend::oci::Image pulled,
                  world.registry->resolve(*reference, ir::host_platform()));
    STRATA_TRY(world.registry->pull_layers(*reference, pulled));
    return pulled;
  }
  STRATA_ASSIGN(auto image, backend::oci::load_image(*world.store, *descriptor));
  if (!image) {
    return Error{ErrorCode::NotFound, fmt::format("image `{}` is not whole in the store", name)};
  }
  return *std::move(image);
}

// Who gives a digest gets the mounts that all names of the image agree on.
Result<backend::LocalMounts> mounts_of(const backend::Store& store, const std::string& name,
                                       const Digest& manifest) {
  STRATA_ASSIGN(const std::vector<backend::Ref> refs, mounts_of_name(store, name, manifest));
  if (refs.size() > 1) {
    return Error{ErrorCode::Input,
                 fmt::format("image {} mounts other files as `{}` than as `{}`; give one of these "
                             "names",
                             manifest.str(), refs[0].name, refs[1].name)};
  }
  return refs.empty() ? backend::LocalMounts() : refs.front().mounts;
}

// The image's trees, unpacked. What the store has lost of a pulled image is pulled again.
Result<std::vector<Digest>> trees_of(World& world, const std::string& name,
                                     const backend::oci::Image& image) {
  const backend::oci::LayerTreesOptions options{backend::oci::Unpack::Yes};
  auto trees = backend::oci::layer_trees(*world.store, image, options);
  if (trees || trees.error().code != ErrorCode::Corrupt) {
    return trees;
  }
  if (const auto reference = ir::Reference::parse(name)) {
    STRATA_ASSIGN(const auto resolved,
                  world.store->resolved(reference->str(), ir::host_platform()));
    if (resolved == image.manifest_descriptor.digest) {
      STRATA_TRY(world.registry->pull_layers(*reference, image));
      return backend::oci::layer_trees(*world.store, image, options);
    }
  }
  Error error = std::move(trees).error();
  error.message += fmt::format("; build or import `{}` again", name);
  return error;
}

Result<ir::Strings> command_of(const ir::ImageConfig& config, const RunOptions& options) {
  ir::Strings args = config.entrypoint.value_or(ir::Strings());
  if (!options.entrypoint.empty()) {
    args = {options.entrypoint};
  }
  const bool own_command = !options.command.empty() || !options.entrypoint.empty();
  const ir::Strings command = own_command ? options.command : config.cmd.value_or(ir::Strings());
  args.insert(args.end(), command.begin(), command.end());
  if (args.empty()) {
    return Error{
        ErrorCode::Input,
        fmt::format("image `{}` has neither CMD nor ENTRYPOINT; give a command", options.image)};
  }
  return args;
}

}  // namespace

Result<RunStart> image_start(World& world, const RunOptions& options) {
  STRATA_ASSIGN(const backend::oci::Image image, find(world, options.image));
  RunStart start;
  backend::ProcessStart& process = start.process;
  STRATA_ASSIGN(process.args, command_of(image.config, options));
  STRATA_ASSIGN(process.trees, trees_of(world, options.image, image));
  process.env = image.config.env;
  const bool has_path = std::any_of(process.env.begin(), process.env.end(),
                                    [](const auto& pair) { return pair.first == "PATH"; });
  if (!has_path) {
    process.env.emplace_back("PATH", ir::kDefaultPath);
  }
  process.cwd = image.config.workdir;
  process.user = image.config.user;
  process.epoch = image.config.created.value_or(0);
  STRATA_ASSIGN(const backend::LocalMounts local,
                mounts_of(*world.store, options.image, image.manifest_descriptor.digest));
  for (const ir::RunMount& mount : local.mounts) {
    STRATA_ASSIGN(std::string source, backend::absolute_path(local.context + "/" + mount.source));
    start.binds.push_back(
        {std::move(source), mount.target, backend::RunSpec::Bind::Access::ReadOnly});
  }
  return start;
}

}  // namespace strata::driver
