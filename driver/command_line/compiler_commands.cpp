// dump and opt.
#include <CLI/App.hpp>
#include <CLI/Error.hpp>
#include <memory>

#include "driver/command_line/choices.h"
#include "driver/command_line/commands_table.h"
#include "driver/command_line/input_flags.h"
#include "driver/commands.h"

namespace strata::driver {

namespace {

// No flag that would change nothing.
void check_dump(const DumpOptions& dump) {
  const auto refuse = [&](const char* flag) {
    throw CLI::ValidationError(flag, "says nothing for `dump " + dump.what + "`");
  };
  if (dump.format == OutputFormat::Json && dump.what != "ast") {
    refuse("--format json");
  }
  if (dump.locations && dump.what != "ir") {
    refuse("--locations");
  }
  if (dump.optimized && dump.what == "ast") {
    refuse("--opt");
  }
}

}  // namespace

void add_compiler_commands(CLI::App& root, Chosen& chosen) {
  auto dump = std::make_shared<DumpOptions>();
  auto* app = root.add_subcommand(
      "dump", "Print what the compiler makes of a file, without context or network");
  add_choice<std::string>(*app, "what", dump->what,
                          {{"ast", "ast"}, {"ir", "ir"}, {"plan", "plan"}}, "ast, ir or plan")
      ->required();
  app->add_option("file", dump->file, "Dockerfile or spec file")->required();
  add_format(*app, dump->format);
  app->add_flag("--locations", dump->locations, "Print source locations in the IR");
  app->add_flag("--opt", dump->optimized, "Run the default passes first");
  app->callback([=, &chosen] {
    check_dump(*dump);
    chosen = [dump] { return run_dump(*dump); };
  });

  auto opt = std::make_shared<OptOptions>();
  app = root.add_subcommand("opt", "Run passes on IR text");
  app->add_option("file", opt->file, "IR text (.sir)");
  app->add_option("--passes", opt->passes, "Passes to run, in order (default: the pipeline)")
      ->delimiter(',');
  app->add_option("--print-after", opt->print_after, "Print the IR after these passes")
      ->delimiter(',');
  app->add_flag("--verify-each", opt->verify_each, "Verify after each pass");
  app->add_flag("--print-changed", opt->print_changed,
                "Print the IR after each pass that changed it");
  app->add_flag("--time-passes", opt->time_passes, "Print each pass's time");
  app->add_flag("--list", opt->list, "List the passes");
  app->callback([=, &chosen] { chosen = [opt] { return run_opt(*opt); }; });
}

}  // namespace strata::driver
