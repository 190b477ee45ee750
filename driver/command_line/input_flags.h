#pragma once

#include <string>
#include <vector>

#include "driver/options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace strata::driver {

// What the flags of an input hold before they are understood.
struct RawInput {
  std::vector<std::string> build_args;
  std::vector<std::string> params;
  std::vector<std::string> contexts;
  std::string epoch;
  bool update = false;
  bool offline = false;
};

// The flags that `build`, `plan` and `key` share. finish_input() understands what they held, and
// throws CLI::ValidationError.
void add_input(CLI::App& app, InputOptions& input, RawInput& raw);
void finish_input(InputOptions& input, const RawInput& raw);

// --format text|json
CLI::Option* add_format(CLI::App& app, OutputFormat& format);

}  // namespace strata::driver
