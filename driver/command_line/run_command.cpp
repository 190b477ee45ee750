// run: flags up to the image, and the rest is the process's.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>

#include "driver/command_line/commands_table.h"
#include "driver/command_line/docker_run_flags.h"
#include "driver/command_line/values.h"
#include "driver/commands.h"
#include "driver/console.h"

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
  if (!words.empty() && words.front() == "--") {
    words.erase(words.begin());
  } else if (!words.empty() && words.front().starts_with('-')) {
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
      "run", "Start an image, or a step of a build; what the process writes is discarded");
  const auto usage = std::make_shared<RunUsage>();
  usage->column_width(kColumnWidth);
  app->formatter(usage);
  app->add_flag("-i,--interactive", run->interactive, "Keep standard input open");
  app->add_flag("-t,--tty", run->tty, "Give the process a terminal");
  app->add_flag("--rm", *remove, "Accepted for familiarity: nothing is ever kept");
  const auto add_list = [app](const char* name, std::vector<std::string>& values,
                              const char* description) {
    return app->add_option(name, values, description)->allow_extra_args(false);
  };
  add_list("-v,--volume", run->volumes, "Mount a file or directory of the host")
      ->option_text("SOURCE:TARGET[:ro] ...");
  add_list("--tmpfs", run->tmpfs, "Mount an empty directory in memory")
      ->option_text("TARGET[:OPTIONS] ...");
  app->add_flag("--read-only", run->read_only, "Let only mounts be written to");
  add_list("-e,--env", *env, "K=V, or K from the environment");
  add_list("--env-file", run->env_files, "A file with one of these a line");
  add_list("-p,--publish", run->ports,
           "Make a port reachable by another number; the host's network is the process's too")
      ->option_text("[[ADDRESS:]HOST:]PORT[/udp] ...");
  app->add_option("--network", run->network, "host (default), or none")
      ->check(CLI::IsMember({"host", "none"}))
      ->option_text("host|none");
  app->add_option("--name", run->name, "A name that no other process of this store has meanwhile");
  app->add_option("--hostname", run->hostname, "The name that the process finds as its host's");
  auto* entrypoint =
      app->add_option("--entrypoint", run->entrypoint, "Replace the image's entrypoint");
  app->add_option("-w,--workdir", run->workdir, "Working directory");
  app->add_option("-u,--user", run->user, "User");
  app->add_option("--runtime", run->runtime, "runc, crun or a path");
  auto* step = app->add_option("--step", run->step,
                               "Start where this step of a build started: its root, and a RUN's "
                               "environment, user, directory, network and files")
                   ->excludes(entrypoint)
                   ->option_text("DIGEST");
  app->add_flag("--after", run->after, "With --step: where the step ended")->needs(step);
  app->prefix_command();
  app->callback([=, &chosen] {
    run->env = key_values(*env);
    const std::vector<std::string> words = app->remaining();
    if (const std::string pointer = docker_flag_pointer(words); !pointer.empty()) {
      chosen = [pointer] {
        remark("strata: error: {}\n", pointer);
        return ExitCode::NotStarted;
      };
      return;
    }
    split_run(*run, words);
    chosen = [run] { return run_run(*run); };
  });
}

}  // namespace strata::driver
