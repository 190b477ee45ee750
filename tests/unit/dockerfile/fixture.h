#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "frontend/dockerfile/dockerfile.h"
#include "ir/base/consumer.h"
#include "ir/base/render.h"
#include "ir/printer.h"
#include "ir/reference.h"
#include "ir/verifier.h"
#include "tests/fakes/text_loader.h"

namespace strata::frontend::dockerfile {

// Knows a few images; every local source exists but those named missing or escaping.
class FakeResolver final : public ir::SourceResolver {
 public:
  Result<std::optional<ir::ImageBinding>> image(const ir::ImageRequest& request) override {
    const auto reference = ir::Reference::parse(request.ref);
    if (!reference) {
      return Error{ErrorCode::Input, "not an image reference"};
    }
    const auto found = images.find(reference->str());
    asked_images.push_back(reference->str() + " " + request.platform);
    if (found == images.end()) {
      return Error{ErrorCode::NotFound, "no such image"};
    }
    ir::ImageBinding binding;
    binding.ref = reference->str();
    binding.platform = request.platform;
    binding.manifest = Digest::of(binding.ref);
    binding.config_digest = Digest::of("config of " + binding.ref);
    binding.config = found->second;
    return std::optional<ir::ImageBinding>(binding);
  }
  Result<std::optional<ir::LocalBinding>> local(const ir::LocalRequest& request) override {
    asked_local.push_back(request);
    if (missing.count(request.source) != 0) {
      return Error{ErrorCode::NotFound, "nothing is there"};
    }
    if (escaping.count(request.source) != 0) {
      return Error{ErrorCode::Outside, "the link points outside"};
    }
    const auto count = files.find(request.source);
    return std::optional<ir::LocalBinding>(
        ir::LocalBinding{Digest::of("tree of " + request.context + ":" + request.source),
                         count == files.end() ? 1 : count->second});
  }

  std::map<std::string, ir::ImageConfig> images = {
      {"docker.io/library/alpine:latest", [] {
         ir::ImageConfig config;
         config.env = {{"PATH", "/bin"}, {"BASE", "from base"}};
         config.cmd = ir::Strings{"/bin/sh"};
         config.created = 1700000000;
         return config;
       }()}};
  std::set<std::string> missing;
  std::set<std::string> escaping;
  // How many files a source selects, where it is not one.
  std::map<std::string, std::size_t> files;
  std::vector<std::string> asked_images;
  std::vector<ir::LocalRequest> asked_local;
};

// One lowering with everything around it.
class Lowering {
 public:
  explicit Lowering(std::string text) {
    request.file = sources.add("Dockerfile", std::move(text));
    request.platform = "linux/amd64";
    request.file_name = "Dockerfile";
  }

  // The module; fails the caller's expectations by being empty after an error.
  std::optional<ir::Module>& run() {
    Emitter emitter(consumer);
    auto result = dockerfile::lower(request, sources, loader, resolver, emitter);
    if (result) {
      module = *std::move(result);
    } else {
      world_error = result.error().message;
    }
    if (module && !ir::verify(*module, emitter)) {
      module.reset();
    }
    return module;
  }
  // `line:column Kind` of each diagnostic.
  [[nodiscard]] std::vector<std::string> findings() const {
    std::vector<std::string> result;
    for (const Diagnostic& diagnostic : consumer.diagnostics()) {
      std::string place = "-";
      if (diagnostic.loc.valid()) {
        const LineColumn at = sources.file(diagnostic.loc.file).line_column(diagnostic.loc.begin);
        place = std::to_string(at.line) + ":" + std::to_string(at.column);
      }
      result.push_back(place + " " + std::string(kind_name(diagnostic.kind)));
    }
    return result;
  }
  [[nodiscard]] std::string rendered() const {
    std::string result;
    for (const Diagnostic& diagnostic : consumer.diagnostics()) {
      result += render_text(diagnostic, sources, Color::Never);
    }
    return result;
  }
  // All ops of a type, in order.
  template <typename Op>
  [[nodiscard]] std::vector<Op> ops() const {
    std::vector<Op> result;
    if (module) {
      for (const ir::Op& op : module->ops) {
        if (const auto* data = std::get_if<Op>(&op.data)) {
          result.push_back(*data);
        }
      }
    }
    return result;
  }
  // The config of the last stage: its changes applied to what `base` holds.
  [[nodiscard]] ir::ImageConfig config(ir::ImageConfig base = {}) const {
    for (const ir::OpId id : ir::config_chain(*module, module->stages.back().config)) {
      if (const auto* change = std::get_if<ir::Config>(&module->op(id).data)) {
        ir::apply(*change, base);
      }
    }
    return base;
  }
  // The text that the last op of the module was written as.
  [[nodiscard]] std::string_view text_of(std::size_t op) const {
    return sources.text(module->ops[op].loc);
  }

  SourceMap sources;
  CollectingConsumer consumer;
  FakeResolver resolver;
  test::TextLoader loader;
  LowerRequest request;
  std::optional<ir::Module> module;
  std::string world_error;
};

}  // namespace strata::frontend::dockerfile
