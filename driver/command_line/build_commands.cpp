// build, plan and key.
#include <CLI/App.hpp>
#include <memory>

#include "driver/command_line/choices.h"
#include "driver/command_line/commands_table.h"
#include "driver/command_line/input_flags.h"
#include "driver/command_line/values.h"
#include "driver/commands.h"

namespace strata::driver {

void add_build(CLI::App& root, Chosen& chosen) {
  auto* app = root.add_subcommand("build", "Build images from a Dockerfile or spec file");
  auto options = std::make_shared<BuildOptions>();
  auto raw = std::make_shared<RawInput>();
  auto outputs = std::make_shared<std::vector<std::string>>();
  auto quiet = std::make_shared<bool>(false);
  add_input(*app, options->input, *raw);
  app->add_option("-t,--tag", options->tags, "Name to give the image in the store")
      ->allow_extra_args(false);
  app->add_option("-o,--output", *outputs,
                  "type=oci|oci-archive|docker|tar|local,dest=PATH or type=registry[,ref=NAME]")
      ->allow_extra_args(false);
  app->add_flag("--push", options->push, "Push under each tag (as -o type=registry)");
  app->add_flag("--load", options->load, "Load into docker, else podman (as -o type=docker)");
  auto* progress = add_choice<ProgressKind>(*app, "--progress", options->progress,
                                            {{"auto", ProgressKind::Auto},
                                             {"tty", ProgressKind::Tty},
                                             {"plain", ProgressKind::Plain},
                                             {"json", ProgressKind::Json},
                                             {"quiet", ProgressKind::Quiet}},
                                            "auto, tty, plain, json or quiet")
                       ->option_text("KIND");
  app->add_flag("-q,--quiet", *quiet, "Print the digest alone")->excludes(progress);
  app->add_option("--runtime", options->runtime, "OCI runtime for RUN: runc, crun or a path");
  app->add_option("--iidfile", options->iidfile, "Write the config digest here");
  app->add_option("--digest-file", options->digest_file, "Write the manifest digest here");
  app->add_option("--metadata-file", options->metadata_file, "Write what was built here, as JSON");
  app->callback([=, &chosen] {
    finish_input(options->input, *raw);
    for (const std::string& output : *outputs) {
      options->outputs.push_back(output_of(output));
    }
    if (*quiet) {
      options->progress = ProgressKind::Quiet;
    }
    chosen = [options] { return run_build(*options); };
  });
}

void add_plan_and_key(CLI::App& root, Chosen& chosen) {
  auto raw = std::make_shared<RawInput>();
  auto plan = std::make_shared<PlanOptions>();
  auto* app = root.add_subcommand("plan", "Say what a build would run, without building");
  add_input(*app, plan->input, *raw);
  add_format(*app, plan->format);
  app->add_flag("--detailed-exitcode", plan->detailed_exitcode, "Exit 10 when a step would run");
  app->callback([=, &chosen] {
    finish_input(plan->input, *raw);
    chosen = [plan] { return run_plan(*plan); };
  });

  auto key = std::make_shared<KeyOptions>();
  auto key_raw = std::make_shared<RawInput>();
  app =
      root.add_subcommand("key", "Print the image key, which names the result before it is built");
  add_input(*app, key->input, *key_raw);
  app->add_flag("--steps", key->steps, "Print each step's digest too");
  app->add_option("--preimage", key->preimage,
                  "Print the record that this step's digest is the SHA-256 of");
  app->callback([=, &chosen] {
    finish_input(key->input, *key_raw);
    chosen = [key] { return run_key(*key); };
  });
}

}  // namespace strata::driver
