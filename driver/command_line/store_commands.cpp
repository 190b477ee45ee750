// gc, doctor and version.
#include <CLI/App.hpp>
#include <memory>

#include "driver/command_line/commands_table.h"
#include "driver/commands.h"

namespace strata::driver {

void add_store_commands(CLI::App& root, Chosen& chosen) {
  auto gc = std::make_shared<GcCommandOptions>();
  auto* app = root.add_subcommand("gc", "Remove from the store what nothing refers to");
  app->add_option("--keep-bytes", gc->keep_bytes, "Keep the latest results up to this size")
      ->transform(CLI::AsSizeValue(true));
  app->add_option("--keep-days", gc->keep_days, "Keep what was used within so many days")
      ->check(CLI::NonNegativeNumber);
  app->add_flag("--dry-run", gc->dry_run, "Only say what would go");
  app->callback([=, &chosen] { chosen = [gc] { return run_gc(*gc); }; });

  auto doctor = std::make_shared<DoctorOptions>();
  app = root.add_subcommand("doctor", "Check what this machine can do, and the store");
  app->add_option("--runtime", doctor->runtime, "Check this runtime only");
  app->add_flag("--fsck", doctor->fsck, "Re-hash everything in the store");
  app->callback([=, &chosen] { chosen = [doctor] { return run_doctor(*doctor); }; });

  app = root.add_subcommand("version", "Print the version");
  app->callback([&chosen] { chosen = [] { return run_version(); }; });
}

}  // namespace strata::driver
