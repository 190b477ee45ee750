#pragma once

#include <cstddef>
#include <functional>

#include "driver/exit_code.h"

namespace CLI {
class App;
}  // namespace CLI

namespace strata::driver {

// The command that the command line chose, ready to run; set while CLI11 parses.
using Chosen = std::function<ExitCode()>;

// Of --help: where descriptions begin.
inline constexpr std::size_t kColumnWidth = 34;

// Each declares its commands in `root`: the one table that parsing and --help come from. `chosen`
// must outlive the parsing.
void add_build(CLI::App& root, Chosen& chosen);
void add_plan_and_key(CLI::App& root, Chosen& chosen);
void add_compiler_commands(CLI::App& root, Chosen& chosen);
void add_transfer_commands(CLI::App& root, Chosen& chosen);
void add_run(CLI::App& root, Chosen& chosen);
void add_store_commands(CLI::App& root, Chosen& chosen);

}  // namespace strata::driver
