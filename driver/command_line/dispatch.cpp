// From the arguments of the process to a command, its run, and the code that the process ends with.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "backend/system/interrupt.h"
#include "driver/command_line/advice.h"
#include "driver/command_line/commands_table.h"
#include "driver/commands.h"
#include "driver/console.h"
#include "driver/signals.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

// CLI11 would only say that a subcommand is required.
std::optional<std::string> unknown_command(const CLI::App& root, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    return std::nullopt;
  }
  const std::string word = argv[1];
  std::vector<std::string> names;
  for (const CLI::App* command : root.get_subcommands(nullptr)) {
    if (command->get_name() == word) {
      return std::nullopt;
    }
    names.push_back(command->get_name());
  }
  const auto near = nearest(word, names);
  return fmt::format(
      "there is no command `{}`{}", word,
      near ? fmt::format("; did you mean `{}`?", *near) : "; `strata --help` lists them");
}

// What the process ends with: not with success when the answer did not get out, nor when the user
// wanted it to stop, however late that was.
ExitCode ended(ExitCode code) {
  if (backend::interrupted()) {
    remark("strata: interrupted\n");
    return stopped_code();
  }
  const Result<void> written = finish_answer();
  if (written) {
    return code;
  }
  const ExitCode failed = report(written.error());
  return code == ExitCode::Done || code == ExitCode::WorkPending ? failed : code;
}

}  // namespace

int dispatch(int argc, char** argv) {
  CLI::App root("strata compiles Dockerfiles and image-spec files into deterministic OCI images.",
                "strata");
  root.require_subcommand(1);
  root.get_formatter()->column_width(kColumnWidth);
  Chosen chosen;
  add_build(root, chosen);
  add_plan_and_key(root, chosen);
  add_compiler_commands(root, chosen);
  add_transfer_commands(root, chosen);
  add_run(root, chosen);
  add_store_commands(root, chosen);
  root.set_version_flag("--version", [] { return std::string("strata ") + STRATA_VERSION; });
  if (const auto unknown = unknown_command(root, argc, argv)) {
    remark("strata: error: {}\n", *unknown);
    return static_cast<int>(ExitCode::Input);
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& help) {
    std::ostringstream out;
    std::ostringstream none;
    (void)root.exit(help, out, none);
    answer(std::string_view(out.str()));
    return static_cast<int>(ended(ExitCode::Done));
  } catch (const CLI::ParseError& error) {
    remark("strata: error: {}\n",
           what_is_wrong(root, error, std::vector<std::string>(argv + 1, argv + argc)));
    // As docker: the other codes of run are the process's.
    const bool is_run = argc > 1 && std::string_view(argv[1]) == "run";
    return static_cast<int>(is_run ? ExitCode::NotStarted : ExitCode::Input);
  }
  heed_signals();
  return static_cast<int>(ended(chosen()));
}

}  // namespace strata::driver
