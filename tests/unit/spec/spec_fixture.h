#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frontend/frontend.h"
#include "ir/base/consumer.h"
#include "ir/base/render.h"
#include "ir/reference.h"
#include "tests/fakes/text_loader.h"

namespace strata::frontend::spec_test {

// Binds every reference and every source to a digest of the request.
class FakeResolver final : public ir::SourceResolver {
 public:
  Result<std::optional<ir::ImageBinding>> image(const ir::ImageRequest& request) override {
    images.push_back(request.ref);
    const auto reference = ir::Reference::parse(request.ref);
    if (!reference || missing == reference->str()) {
      return Error{ErrorCode::NotFound, "no such image"};
    }
    ir::ImageBinding binding;
    binding.ref = reference->str();
    binding.platform = request.platform;
    binding.manifest = Digest::of("manifest " + binding.ref);
    binding.config_digest = Digest::of("config " + binding.ref);
    binding.config.os = "linux";
    binding.config.architecture = "amd64";
    binding.config.created = 1'700'000'000;
    binding.config.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LANG", "C.UTF-8"}};
    binding.config.cmd = ir::Strings{"python3"};
    binding.config.diff_ids = {Digest::of("layer " + binding.ref)};
    binding.config.on_build = on_build;
    return std::optional<ir::ImageBinding>(binding);
  }
  Result<std::optional<ir::LocalBinding>> local(const ir::LocalRequest& request) override {
    locals.push_back(request);
    if (request.source == "missing") {
      return Error{ErrorCode::NotFound, "nothing selected"};
    }
    if (request.source == "escaping") {
      return Error{ErrorCode::Outside, "the link points outside"};
    }
    std::string text = request.source;
    for (const std::string& pattern : request.ignore) {
      text += "\n" + pattern;
    }
    return std::optional<ir::LocalBinding>(ir::LocalBinding{Digest::of(text)});
  }

  std::string missing;
  // Of every image.
  ir::Strings on_build;
  std::vector<std::string> images;
  std::vector<ir::LocalRequest> locals;
};

// One compilation with everything that a test looks at.
class Compilation {
 public:
  explicit Compilation(std::string text, Language language = Language::Spec)
      : emitter(consumer_),
        language_(language),
        file_(sources.add("image.strata", std::move(text))) {}

  // nullopt after an error; a failure of the world is left in `failure`.
  std::optional<ir::Module> lower() {
    LowerRequest request;
    request.file = file_;
    request.language = language_;
    request.targets = targets;
    request.platform = "linux/amd64";
    request.file_name = "image.strata";
    request.params = params;
    request.build_args = build_args;
    request.contexts = contexts;
    auto result = frontend::lower(request, sources, loader, resolver, emitter);
    if (!result) {
      failure = result.error();
      return std::nullopt;
    }
    return *std::move(result);
  }

  // `line:column: Kind: message`, one a line, in order of their positions.
  [[nodiscard]] std::string diagnostics() const {
    std::vector<Diagnostic> sorted = consumer_.diagnostics();
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Diagnostic& a, const Diagnostic& b) { return a.loc < b.loc; });
    std::string out;
    for (const Diagnostic& diagnostic : sorted) {
      if (diagnostic.kind == Kind::MissingEdition) {
        continue;
      }
      std::string place = sources.describe(diagnostic.loc);
      place.erase(0, std::min(place.find(':') + 1, place.size()));
      out +=
          place + ": " + std::string(kind_name(diagnostic.kind)) + ": " + diagnostic.message + "\n";
    }
    return out;
  }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return consumer_.diagnostics(); }
  // Of the first diagnostic of that kind; nullptr when there is none.
  [[nodiscard]] const Diagnostic* find(Kind kind) const {
    for (const Diagnostic& diagnostic : consumer_.diagnostics()) {
      if (diagnostic.kind == kind) {
        return &diagnostic;
      }
    }
    return nullptr;
  }
  // The text with a fix-it applied.
  [[nodiscard]] std::string fixed(const FixIt& fix) const {
    std::string text(sources.file(fix.loc.file).text());
    return text.replace(fix.loc.begin, fix.loc.end - fix.loc.begin, fix.replacement);
  }
  [[nodiscard]] FileId file() const { return file_; }

 private:
  CollectingConsumer consumer_;

 public:
  SourceMap sources;
  test::TextLoader loader;
  FakeResolver resolver;
  Emitter emitter;
  std::vector<std::string> targets;
  ir::Pairs params;
  ir::Pairs build_args;
  std::vector<std::string> contexts;
  std::optional<Error> failure;

 private:
  Language language_;
  FileId file_;
};

// What a spec text is reported for.
inline std::string errors_of(const std::string& text) {
  Compilation compilation(text);
  const auto module = compilation.lower();
  const std::string diagnostics = compilation.diagnostics();
  return module.has_value() == diagnostics.empty() ? diagnostics : "inconsistent: " + diagnostics;
}

// The same for `x = VALUE` after `img = Image.scratch()` in line 2.
inline std::string errors_of_value(const std::string& value) {
  return errors_of("edition \"2026\"\nimg = Image.scratch()\nx = " + value + "\n");
}

}  // namespace strata::frontend::spec_test
