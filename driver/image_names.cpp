// -t and -o for one image or several.
#include "driver/image_names.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "ir/reference.h"

namespace strata::driver {
namespace {

constexpr std::string_view kTarget = "{target}";

std::string for_target(std::string text, std::string_view target) {
  for (std::size_t at = text.find(kTarget); at != std::string::npos;
       at = text.find(kTarget, at + target.size())) {
    text.replace(at, kTarget.size(), target);
  }
  return text;
}

Result<std::string> reference_for(const std::string& text, const std::string& target) {
  const std::string name = for_target(text, target);
  if (const auto reference = ir::Reference::parse(name)) {
    // Whoever builds from it later would get these bytes under that digest.
    return reference->digest
               ? Result<std::string>(Error{
                     ErrorCode::Input,
                     fmt::format("`{}`: what is built has a digest of its own; give NAME[:TAG]",
                                 name)})
               : Result<std::string>(reference->str());
  }
  return Error{ErrorCode::Input,
               name == text ? fmt::format("`{}` is not an image reference", text)
                            : fmt::format("`{}` is `{}` for image `{}`, which is not an image "
                                          "reference",
                                          text, name, target)};
}

Result<ImageNames> names_of(const BuildOptions& options, const std::string& target) {
  ImageNames names;
  for (const std::string& tag : options.tags) {
    STRATA_ASSIGN(std::string name, reference_for(tag, target));
    names.tags.push_back(std::move(name));
  }
  for (const OutputOption& output : options.outputs) {
    OutputOption own{output.type, for_target(output.dest, target), ""};
    if (!output.ref.empty()) {
      STRATA_ASSIGN(own.ref, reference_for(output.ref, target));
    }
    names.outputs.push_back(std::move(own));
  }
  if (options.push) {
    names.outputs.push_back({"registry", "", ""});
  }
  if (options.load) {
    names.outputs.push_back({"docker", "", ""});
  }
  for (const OutputOption& output : names.outputs) {
    if (output.type == "registry" && output.ref.empty() && names.tags.empty()) {
      return Error{ErrorCode::Input, "a push needs a name: -t NAME or ref=NAME"};
    }
  }
  return names;
}

// A layout keeps other images, and a pipe or device takes any number.
bool holds_one_image(const OutputOption& output) {
  std::error_code failed;
  return !output.dest.empty() && output.type != "oci" &&
         (output.dest == "-" || !std::filesystem::is_other(output.dest, failed));
}

Error several(std::string_view flag, const std::string& text) {
  return {ErrorCode::Input,
          fmt::format("{} `{}` is for one image, and this file makes several; put `{{target}}` in "
                      "it, or choose one with --target",
                      flag, text)};
}

}  // namespace

Result<std::vector<ImageNames>> names_of_images(const BuildOptions& options,
                                                const std::vector<std::string>& targets) {
  std::vector<ImageNames> all;
  std::set<std::string> tags;
  std::set<std::string> destinations;
  for (const std::string& target : targets) {
    STRATA_ASSIGN(ImageNames names, names_of(options, target));
    std::set<std::string> own(names.tags.begin(), names.tags.end());
    for (const OutputOption& output : names.outputs) {
      if (!output.ref.empty()) {
        own.insert(output.ref);
      }
      if (holds_one_image(output) && !destinations.insert(output.dest).second) {
        return all.empty() ? Error{ErrorCode::Input,
                                   fmt::format("two outputs would write `{}`", output.dest)}
                           : several("-o", output.dest);
      }
    }
    for (const std::string& name : own) {
      if (!tags.insert(name).second) {
        return several("the name", ir::Reference::parse(name)->familiar());
      }
    }
    all.push_back(std::move(names));
  }
  return all;
}

}  // namespace strata::driver
