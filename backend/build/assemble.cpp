// From the steps' trees to config and manifest.
#include "backend/build/assemble.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/build/layers.h"
#include "ir/base/check.h"
#include "ir/reference.h"

namespace strata::backend {
namespace {

// containerd and docker refuse images of more layers.
constexpr std::size_t kMaxLayers = 127;

struct Assembly {
  ir::ImageConfig config;
  oci::Manifest manifest;
};

// A base that says more than the platform does (arm64's variant v8) goes on saying it.
void set_platform(const std::string& platform, ir::ImageConfig& config) {
  const ir::Platform parts = ir::split_platform(platform);
  const bool same = config.os == parts.os && config.architecture == parts.architecture;
  if (!same || !parts.variant.empty()) {
    config.variant = parts.variant;
  }
  config.os = parts.os;
  config.architecture = parts.architecture;
}

class Assembler {
 public:
  Assembler(const BuildRequest& request, Roots& roots, const ir::Target& target)
      : request_(request), roots_(roots), target_(target) {}

  Result<BuiltImage> run(const ir::ImageKey& key) {
    const ir::Stage& stage = request_.module.stage(target_.stage);
    created_ = ir::stage_epoch(request_.module, stage.root);
    for (const ir::OpId id : ir::root_chain(request_.module, stage.root)) {
      STRATA_TRY(add_root_op(id));
    }
    add_default_path();
    for (const ir::OpId id : ir::config_chain(request_.module, stage.config)) {
      add_config_op(id);
    }
    if (made_.manifest.layers.size() > kMaxLayers) {
      return Error{ErrorCode::Input,
                   fmt::format("image `{}` has {} layers, and runtimes take {} at most; join steps",
                               target_.name, made_.manifest.layers.size(), kMaxLayers)};
    }
    made_.config.created = created_;
    // What was asked for is what the image is, on whatever base it was made.
    set_platform(target_.platform, made_.config);
    return publish(key);
  }

 private:
  Result<void> add_root_op(ir::OpId id) {
    const ir::OpData& data = request_.module.op(id).data;
    if (std::holds_alternative<ir::Scratch>(data)) {
      made_.config.workdir = "/";
      return {};
    }
    if (const auto* image = std::get_if<ir::Image>(&data)) {
      return add_base(id, *image);
    }
    const auto digest = roots_.bound(id);
    STRATA_CHECK(digest.has_value(), "an image is assembled before its steps are done");
    ir::HistoryEntry entry;
    entry.created_by = ir::describe(request_.module, id);
    entry.comment = "strata";
    entry.created = created_;
    entry.empty_layer = *digest == empty_tree_digest();
    if (!entry.empty_layer) {
      STRATA_TRY(add_layer(*digest));
    }
    made_.config.history.push_back(std::move(entry));
    return {};
  }

  // Every image has a PATH, as BuildKit makes it: what a RUN saw is what a container sees.
  void add_default_path() {
    ir::Pairs& env = made_.config.env;
    const bool has_path =
        std::any_of(env.begin(), env.end(), [](const auto& pair) { return pair.first == "PATH"; });
    if (!has_path && ir::split_platform(target_.platform).os != "windows") {
      env.emplace_back("PATH", ir::kDefaultPath);
    }
  }

  Result<void> add_base(ir::OpId id, const ir::Image& image) {
    STRATA_ASSIGN(const oci::Image* base, roots_.pulled(id));
    made_.config = base->config;
    made_.manifest.layers = base->manifest.layers;
    for (Descriptor& layer : made_.manifest.layers) {
      STRATA_ASSIGN(layer.media_type, oci::oci_layer_type(layer.media_type));
    }
    made_.manifest.annotations = {{"org.opencontainers.image.base.digest", image.manifest->str()},
                                  {"org.opencontainers.image.base.name", image.ref}};
    return {};
  }

  Result<void> add_layer(const Digest& digest) {
    STRATA_ASSIGN(const auto known, request_.store.layer(digest, request_.profile.name()));
    LayerBlob layer;
    if (known) {
      layer = *known;
    } else {
      STRATA_ASSIGN(const auto tree, request_.store.tree(digest));
      if (!tree) {
        return Error{ErrorCode::Corrupt,
                     fmt::format("tree {} is gone from the store", digest.str())};
      }
      STRATA_ASSIGN(layer, ensure_layer(request_.store, *tree, digest, nullptr, request_.profile,
                                        request_.jobs));
    }
    made_.config.diff_ids.push_back(layer.diff_id);
    own_trees_.push_back(digest);
    made_.manifest.layers.push_back(
        {request_.profile.media_type(), layer.blob, layer.size, {}, ""});
    return {};
  }

  void add_config_op(ir::OpId id) {
    const auto* change = std::get_if<ir::Config>(&request_.module.op(id).data);
    if (change == nullptr) {
      return;
    }
    ir::apply(*change, made_.config);
    ir::HistoryEntry entry;
    entry.created_by = ir::describe(request_.module, id);
    entry.comment = "strata";
    entry.created = created_;
    entry.empty_layer = true;
    made_.config.history.push_back(std::move(entry));
  }

  // So that a later reader of the image need not read layers whose trees are known.
  Result<void> remember_trees() {
    const std::vector<Digest> chains = oci::chain_ids(made_.config.diff_ids);
    const std::size_t base = chains.size() - own_trees_.size();
    for (std::size_t i = 0; i < own_trees_.size(); ++i) {
      STRATA_TRY(request_.store.put_chain_tree(chains[base + i], own_trees_[i]));
    }
    return {};
  }

  Result<BuiltImage> publish(const ir::ImageKey& key) {
    STRATA_TRY(remember_trees());
    const std::string config = oci::write_config(made_.config);
    STRATA_ASSIGN(const Digest config_digest, request_.store.put_blob(config));
    made_.manifest.config = {std::string(oci::kConfigType), config_digest, config.size(), {}, ""};
    const std::string manifest = oci::write_manifest(made_.manifest);
    STRATA_ASSIGN(const Digest digest, request_.store.put_blob(manifest));
    const Descriptor descriptor{
        std::string(oci::kManifestType), digest, manifest.size(), {}, target_.platform};
    STRATA_TRY(request_.store.put_image(key.digest, descriptor));
    return BuiltImage{descriptor, config_digest, false};
  }

  const BuildRequest& request_;
  Roots& roots_;
  const ir::Target& target_;
  Assembly made_;
  // The trees of the layers above the base's.
  std::vector<Digest> own_trees_;
  std::int64_t created_ = 0;
};

}  // namespace

Result<BuiltImage> assemble(const BuildRequest& request, Roots& roots, std::size_t target) {
  const auto& key = request.plan->targets[target].key;
  STRATA_CHECK(key.has_value(), "an unbound target reached the builder");
  return Assembler(request, roots, request.module.targets[target]).run(*key);
}

}  // namespace strata::backend
