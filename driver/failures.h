#pragma once

#include "backend/build/builder.h"
#include "driver/compilation.h"
#include "driver/exit_code.h"
#include "driver/options.h"

namespace strata::driver {

// Says of each step of a build that failed where it stands, what it said and how to get to where it
// started. The exit code that the build ends with.
ExitCode report_failures(const Compilation& compilation, const backend::BuildOutcome& outcome,
                         const BuildOptions& options);

}  // namespace strata::driver
