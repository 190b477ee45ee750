// Binds what a frontend asks for: images from the store or a registry, files from the contexts.
#include "backend/build/sources.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/path_pattern.h"
#include "ir/reference.h"

namespace strata::backend {
namespace {

Error outside_context(const std::string& path) {
  return {ErrorCode::Outside, fmt::format("`{}` is outside the build context", path)};
}

bool leaves(const std::string& clean) { return clean == ".." || clean.starts_with("../"); }

std::string platform_of(const ir::ImageConfig& config) {
  const std::string platform = ir::Platform{config.os, config.architecture, config.variant}.str();
  return ir::normalize_platform(platform).value_or(platform);
}

}  // namespace

Sources::Sources(Store& store, Registry& registry, StatCache* stat_cache, SourceOptions options)
    : store_(&store), registry_(&registry), stat_cache_(stat_cache), options_(std::move(options)) {}

Sources::~Sources() = default;

Result<Context*> Sources::context(const std::string& name) {
  if (const auto found = contexts_.find(name); found != contexts_.end()) {
    return found->second.get();
  }
  const auto directory = options_.contexts.find(name);
  if (directory == options_.contexts.end()) {
    return Error{ErrorCode::NotFound, fmt::format("there is no build context named `{}`", name)};
  }
  STRATA_ASSIGN(auto opened, Context::open(directory->second, stat_cache_, options_.jobs));
  return contexts_.emplace(name, std::move(opened)).first->second.get();
}

Result<std::string> Sources::load(const std::string& context_name, const std::string& path) {
  const std::string clean = ir::clean_path(path);
  if (leaves(clean) || clean.starts_with('/')) {
    return outside_context(path);
  }
  STRATA_ASSIGN(const Context* from, context(context_name));
  STRATA_ASSIGN(std::string text, from->read_text(clean));
  texts_read_.push_back(from->directory() + "/" + clean);
  return text;
}

Result<std::string> Sources::load_beside(const std::string& path) {
  // A link that leads out of the directory would show what others wrote in a diagnostic.
  STRATA_ASSIGN(const auto directory, Context::open(options_.file_directory, nullptr, 1));
  STRATA_ASSIGN(std::string text, directory->read_text(path));
  texts_read_.push_back(options_.file_directory + "/" + path);
  return text;
}

Result<std::optional<oci::Image>> Sources::from_store(const ir::Reference& reference,
                                                      const std::string& platform) {
  STRATA_ASSIGN(const std::optional<Descriptor> ref, store_->ref(reference.str()));
  if (ref && (!reference.digest || *reference.digest == ref->digest)) {
    STRATA_ASSIGN(auto image, oci::load_image(*store_, *ref));
    if (image && platform_of(image->config) == platform) {
      return image;
    }
  }
  STRATA_ASSIGN(const std::optional<Digest> digest, store_->resolved(reference.str(), platform));
  if (!digest) {
    return std::optional<oci::Image>();
  }
  const auto size = store_->blob_size(*digest);
  if (!size) {
    return std::optional<oci::Image>();
  }
  // The store keeps no media types; both kinds of manifest carry their own.
  STRATA_ASSIGN(const std::optional<std::string> json, store_->read_blob(*digest));
  if (!json) {
    return std::optional<oci::Image>();
  }
  const bool docker = json->find(oci::kDockerManifestType) != std::string::npos;
  return oci::load_image(*store_,
                         {std::string(docker ? oci::kDockerManifestType : oci::kManifestType),
                          *digest,
                          *size,
                          {},
                          ""});
}

Result<oci::Image> Sources::resolve(const ir::Reference& reference, const std::string& platform) {
  std::string lost;
  if (options_.freshness != Freshness::Update) {
    STRATA_ASSIGN(auto known, from_store(reference, platform));
    if (known) {
      return *std::move(known);
    }
    STRATA_ASSIGN(lost, lost_advice(reference));
    if (options_.freshness == Freshness::Offline) {
      return Error{ErrorCode::NotFound,
                   fmt::format("`{}` for {} is not in the store, and --offline forbids asking {}{}",
                               reference.str(), platform, reference.registry, lost)};
    }
  }
  auto resolved = registry_->resolve(reference, platform);
  if (!resolved) {
    Error error = std::move(resolved).error();
    error.message += lost;
    return error;
  }
  return resolved;
}

// What to do about an image that the store has a name for, but of which it has lost documents; ""
// when it has not.
Result<std::string> Sources::lost_advice(const ir::Reference& reference) const {
  STRATA_ASSIGN(const std::optional<Descriptor> ref, store_->ref(reference.str()));
  if (ref) {
    const auto image = oci::load_image(*store_, *ref);
    if (image && !*image) {
      return fmt::format(
          "; the store has lost the manifest or config of `{}`: if it was imported, `strata "
          "import` "
          "brings it back",
          reference.str());
    }
  }
  return std::string();
}

Result<std::optional<ir::ImageBinding>> Sources::image(const ir::ImageRequest& request) {
  const auto reference = ir::Reference::parse(request.ref);
  if (!reference) {
    return Error{ErrorCode::Input, fmt::format("`{}` is not an image reference", request.ref)};
  }
  const std::string platform = request.platform.empty() ? ir::host_platform() : request.platform;
  STRATA_ASSIGN(oci::Image image, resolve(*reference, platform));
  ir::ImageBinding binding{reference->str(), platform, image.manifest_descriptor.digest,
                           image.manifest.config.digest, image.config};
  images_.insert_or_assign(binding.manifest, std::move(image));
  return std::optional(std::move(binding));
}

Result<std::optional<ir::LocalBinding>> Sources::local(const ir::LocalRequest& request) {
  STRATA_ASSIGN(Context * from, context(request.context));
  STRATA_ASSIGN(auto selection, from->select(request));
  const auto files = static_cast<std::size_t>(
      std::count_if(selection->items.begin(), selection->items.end(),
                    [](const SelectedItem& item) { return !item.is_directory; }));
  const Digest digest = selection->digest;
  selections_.insert_or_assign(digest, BoundSelection{std::move(selection), from->content()});
  return std::optional(ir::LocalBinding{digest, files});
}

const oci::Image* Sources::bound_image(const Digest& manifest) const {
  const auto found = images_.find(manifest);
  return found == images_.end() ? nullptr : &found->second;
}

const BoundSelection* Sources::bound_selection(const Digest& tree) const {
  const auto found = selections_.find(tree);
  return found == selections_.end() ? nullptr : &found->second;
}

}  // namespace strata::backend
