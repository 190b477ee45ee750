// run: flags up to the image, and the rest is the process's.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "driver/command_line/commands_table.h"
#include "driver/command_line/values.h"
#include "driver/commands.h"

namespace strata::driver {
namespace {

// Everything behind the image belongs to the process, flags too; so no positional is declared, and
// CLI11 cannot print them.
class RunUsage final : public CLI::Formatter {
  std::string make_usage(const CLI::App* /*app*/, std::string name) const override {
    return fmt::format(
        "Usage: {0} [OPTIONS] IMAGE [COMMAND…]\n       {0} [OPTIONS] --step DIGEST [COMMAND…]\n",
        name);
  }
};

void split_run(RunOptions& run, std::vector<std::string> words) {
  if (!words.empty() && words.front().starts_with('-')) {
    throw CLI::ExtrasError("run", {words.front()});
  }
  if (run.step.empty()) {
    if (words.empty()) {
      throw CLI::ParseError("run: an image, or --step, is required", CLI::ExitCodes::RequiredError);
    }
    run.image = words.front();
    words.erase(words.begin());
  }
  run.command = std::move(words);
}

}  // namespace

void add_run(CLI::App& root, Chosen& chosen) {
  auto run = std::make_shared<RunOptions>();
  auto env = std::make_shared<std::vector<std::string>>();
  auto remove = std::make_shared<bool>(false);
  auto* app = root.add_subcommand(
      "run", "Start an image, or a RUN that failed; what the process writes is discarded");
  const auto usage = std::make_shared<RunUsage>();
  usage->column_width(kColumnWidth);
  app->formatter(usage);
  app->add_flag("-i,--interactive", run->interactive, "Keep standard input open");
  app->add_flag("-t,--tty", run->tty, "Give the process a terminal");
  app->add_flag("--rm", *remove, "Accepted for familiarity: nothing is ever kept");
  app->add_option("-v,--volume", run->volumes, "SOURCE:TARGET[:ro]")->allow_extra_args(false);
  app->add_option("-e,--env", *env, "K=V, or K from the environment")->allow_extra_args(false);
  auto* entrypoint =
      app->add_option("--entrypoint", run->entrypoint, "Replace the image's entrypoint");
  app->add_option("-w,--workdir", run->workdir, "Working directory");
  app->add_option("-u,--user", run->user, "User");
  app->add_option("--runtime", run->runtime, "runc, crun or a path");
  app->add_option("--step", run->step,
                  "Start where this RUN failed: its root, environment, user, directory and network")
      ->excludes(entrypoint)
      ->option_text("DIGEST");
  app->prefix_command();
  app->callback([=, &chosen] {
    run->env = key_values(*env);
    split_run(*run, app->remaining());
    chosen = [run] { return run_run(*run); };
  });
}

}  // namespace strata::driver
