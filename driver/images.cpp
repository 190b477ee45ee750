// import, export, pull, push and inspect: images in and out of the store.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backend/oci/image.h"
#include "backend/oci/import.h"
#include "driver/commands.h"
#include "driver/console.h"
#include "driver/import_changes.h"
#include "driver/local_mounts.h"
#include "driver/outputs.h"
#include "driver/world.h"
#include "ir/base/text.h"
#include "ir/reference.h"

namespace strata::driver {
namespace {

// A Result<void> as an exit code, errors reported.
ExitCode finish(const Result<void>& result) {
  return result ? ExitCode::Done : report(result.error());
}

Result<ir::Reference> reference_of(const std::string& name) {
  if (const auto reference = ir::Reference::parse(name)) {
    return *reference;
  }
  return Error{ErrorCode::Input, fmt::format("`{}` is not an image reference", name)};
}

// Says what an image goes without on its way out of the store.
Result<void> say_left_out_of(const backend::Store& store, const std::string& name,
                             const backend::Descriptor& manifest) {
  STRATA_ASSIGN(const std::vector<backend::Ref> refs, mounts_of_name(store, name, manifest.digest));
  for (const backend::Ref& ref : refs) {
    say_left_out(ref.mounts);
  }
  return {};
}

Result<void> import(const ImportOptions& options) {
  STRATA_ASSIGN(const World world, World::open(1));
  backend::oci::ImportRequest request;
  request.path = options.path;
  if (!options.name.empty()) {
    STRATA_ASSIGN(const ir::Reference reference, reference_of(options.name));
    request.name = reference.str();
  }
  if (!options.platform.empty()) {
    STRATA_ASSIGN(request.platform, platform_of(options.platform));
  }
  STRATA_ASSIGN(request.config, parse_changes(options.changes));
  request.created = options.created;
  STRATA_ASSIGN(const backend::Descriptor manifest,
                backend::oci::import_image(*world.store, request));
  answer("{}\n", manifest.digest.str());
  return {};
}

Result<void> export_one(const ExportOptions& options) {
  STRATA_ASSIGN(World world, World::open(1));
  STRATA_ASSIGN(const backend::Descriptor manifest, find_image(*world.store, options.image));
  std::vector<std::string> names;
  const auto reference = ir::Reference::parse(options.image);
  if (reference && !options.image.starts_with("sha256:")) {
    STRATA_ASSIGN(const auto named, world.store->ref(reference->str()));
    if (named) {
      names.push_back(reference->str());
    }
  }
  STRATA_TRY(say_left_out_of(*world.store, options.image, manifest));
  return write_output(world, options.output, manifest, names);
}

Result<void> pull(const TransferOptions& options) {
  STRATA_ASSIGN(const World world, World::open(default_jobs()));
  STRATA_ASSIGN(const ir::Reference reference, reference_of(options.image));
  STRATA_ASSIGN(const std::string platform, platform_of(options.platform));
  STRATA_ASSIGN(const backend::oci::Image image, world.registry->resolve(reference, platform));
  STRATA_TRY(world.registry->pull_layers(reference, image));
  STRATA_TRY(world.store->set_ref(reference.str(), image.manifest_descriptor));
  answer("{}\n", image.manifest_descriptor.digest.str());
  return {};
}

Result<void> push(const TransferOptions& options) {
  STRATA_ASSIGN(const World world, World::open(default_jobs()));
  STRATA_ASSIGN(const backend::Descriptor manifest, find_image(*world.store, options.image));
  STRATA_ASSIGN(const ir::Reference reference,
                reference_of(options.destination.empty() ? options.image : options.destination));
  if (options.destination.empty()) {
    // A digest may read as a name, of some repository of Docker Hub.
    STRATA_ASSIGN(const auto named, world.store->ref(reference.str()));
    if (!named) {
      return Error{ErrorCode::Input,
                   fmt::format("`{}` is no name of an image; say where to push it to: strata push "
                               "{} DESTINATION",
                               options.image, options.image)};
    }
  }
  STRATA_TRY(say_left_out_of(*world.store, options.image, manifest));
  STRATA_TRY(world.registry->push(reference, manifest));
  answer("{}\n", manifest.digest.str());
  return {};
}

std::string joined(const ir::Strings& words) { return fmt::format("{}", fmt::join(words, " ")); }

Result<void> show_all(const backend::Store& store, OutputFormat format) {
  STRATA_ASSIGN(const std::vector<backend::Ref> refs, store.refs());
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const backend::Ref& ref : refs) {
    if (format == OutputFormat::Json) {
      json.push_back({{"name", ref.name}, {"digest", ref.manifest.digest.str()}});
    } else {
      answer("{}  {}\n", ref.manifest.digest.short_hex(), printable(ref.name));
    }
  }
  if (format == OutputFormat::Json) {
    answer("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }
  return {};
}

void show_text(const backend::oci::Image& image) {
  const ir::ImageConfig& config = image.config;
  answer("manifest    {}\nconfig      {}\nplatform    {}/{}{}{}\n",
         image.manifest_descriptor.digest.str(), image.manifest.config.digest.str(),
         printable(config.os), printable(config.architecture), config.variant.empty() ? "" : "/",
         printable(config.variant));
  const auto show = [](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      answer("{:<11} {}\n", name, printable(value));
    }
  };
  show("entrypoint", joined(config.entrypoint.value_or(ir::Strings())));
  show("cmd", joined(config.cmd.value_or(ir::Strings())));
  show("user", config.user);
  show("workdir", config.workdir);
  for (const auto& [name, value] : config.env) {
    answer("env         {}={}\n", printable(name), printable(value));
  }
  for (const auto& [name, value] : config.labels) {
    answer("label       {}={}\n", printable(name), printable(value));
  }
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const backend::Descriptor& layer = image.manifest.layers[i];
    answer("layer {:<5} {}  {}\n", i, layer.digest.short_hex(), human_size(layer.size));
  }
  for (const ir::HistoryEntry& entry : config.history) {
    answer("history     {}{}\n", entry.empty_layer ? "(no layer) " : "",
           printable(entry.created_by));
  }
}

Result<void> inspect(const InspectOptions& options) {
  STRATA_ASSIGN(const World world, World::open(1));
  if (options.image.empty()) {
    return show_all(*world.store, options.format);
  }
  STRATA_ASSIGN(const backend::Descriptor manifest, find_image(*world.store, options.image));
  STRATA_ASSIGN(const auto image, backend::oci::load_image(*world.store, manifest));
  if (!image) {
    return Error{ErrorCode::NotFound,
                 fmt::format("image `{}` is not whole in the store", options.image)};
  }
  if (options.format == OutputFormat::Text) {
    show_text(*image);
    return {};
  }
  STRATA_ASSIGN(const auto manifest_json, world.store->read_blob(manifest.digest));
  STRATA_ASSIGN(const auto config_json, world.store->read_blob(image->manifest.config.digest));
  answer("{{\"digest\":\"{}\",\"manifest\":{},\"config\":{}}}\n", manifest.digest.str(),
         manifest_json.value_or("null"), config_json.value_or("null"));
  return {};
}

}  // namespace

ExitCode run_import(const ImportOptions& options) { return finish(import(options)); }
ExitCode run_export(const ExportOptions& options) { return finish(export_one(options)); }
ExitCode run_pull(const TransferOptions& options) { return finish(pull(options)); }
ExitCode run_push(const TransferOptions& options) { return finish(push(options)); }
ExitCode run_inspect(const InspectOptions& options) { return finish(inspect(options)); }

}  // namespace strata::driver
