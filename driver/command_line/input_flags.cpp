// One input, and how it is read: the flags that several commands share.
#include "driver/command_line/input_flags.h"

#include <CLI/App.hpp>
#include <algorithm>
#include <cstdlib>

#include "driver/build_contexts.h"
#include "driver/command_line/choices.h"
#include "driver/command_line/values.h"

namespace strata::driver {
namespace {

using Pair = std::pair<std::string, std::string>;

// The flag and the environment variable are the build argument, as in buildx; what the command line
// says goes before the environment.
void add_epoch(const std::string& flag, std::vector<Pair>& build_args) {
  constexpr const char* kName = "SOURCE_DATE_EPOCH";
  const auto given = std::find_if(build_args.rbegin(), build_args.rend(),
                                  [&](const Pair& argument) { return argument.first == kName; });
  if (given != build_args.rend()) {
    if (!flag.empty() && flag != given->second) {
      throw CLI::ValidationError(
          "--source-date-epoch",
          "`" + flag + "` and the build argument `" + given->second + "` are not the same time");
    }
    return;
  }
  const char* environment = std::getenv(kName);
  const std::string value = !flag.empty() || environment == nullptr ? flag : environment;
  if (!value.empty()) {
    build_args.emplace_back(kName, value);
  }
}

}  // namespace

void add_input(CLI::App& app, InputOptions& input, RawInput& raw) {
  app.add_option("context", input.context, "Build context directory")->capture_default_str();
  app.add_option(
      "-f,--file", input.file,
      "Input file, - for standard input (default: image.strata, Dockerfile or Containerfile "
      "in CONTEXT)");
  app.add_option("--target", input.targets, "Stage or image to build")->allow_extra_args(false);
  app.add_option("--build-arg", raw.build_args, "Set a build argument, K=V")
      ->allow_extra_args(false);
  app.add_option("--param", raw.params, "Set a parameter of a spec file, K=V")
      ->allow_extra_args(false);
  app.add_option("--platform", input.platform,
                 "Target platform, os/arch[/variant] (default: this machine's)");
  app.add_option("--build-context", raw.contexts,
                 "Directory in the place of a stage or image, NAME=DIRECTORY")
      ->allow_extra_args(false);
  app.add_flag("--no-cache", input.no_cache, "Run every step, whatever the store holds");
  auto* update =
      app.add_flag("--update,--pull", raw.update, "Ask the registry for each base image again");
  app.add_flag("--offline", raw.offline, "Use the store alone, never the network")
      ->excludes(update);
  app.add_option("-j,--jobs", input.jobs,
                 "Steps and threads at once (default: the number of cores)");
  app.add_option(
      "--source-date-epoch", raw.epoch,
      "The build argument SOURCE_DATE_EPOCH: the time, in seconds, of files, image and history "
      "(default: $SOURCE_DATE_EPOCH, else the base's)");
  app.add_option("--compression", input.compression,
                 "Layer codec: gzip[:LEVEL], zstd[:LEVEL] or none")
      ->capture_default_str();
  add_choice<MessageFormat>(app, "--message-format", input.message_format,
                            {{"text", MessageFormat::Text}, {"json", MessageFormat::Json}},
                            "Diagnostics as text or json")
      ->option_text("FORMAT");
}

void finish_input(InputOptions& input, const RawInput& raw) {
  input.build_args = key_values(raw.build_args);
  input.params = key_values(raw.params);
  add_epoch(raw.epoch, input.build_args);
  for (const std::string& text : raw.contexts) {
    const auto context = parse_build_context(text);
    if (!context) {
      throw CLI::ValidationError("--build-context", context.error().message);
    }
    input.contexts.insert_or_assign(context->first, context->second);
  }
  if (raw.update) {
    input.freshness = Freshness::Update;
  } else if (raw.offline) {
    input.freshness = Freshness::Offline;
  }
}

CLI::Option* add_format(CLI::App& app, OutputFormat& format) {
  return add_choice<OutputFormat>(app, "--format", format,
                                  {{"text", OutputFormat::Text}, {"json", OutputFormat::Json}},
                                  "text or json")
      ->option_text("FORMAT");
}

}  // namespace strata::driver
