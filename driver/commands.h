#pragma once

#include "driver/exit_code.h"
#include "driver/options.h"

namespace strata::driver {

// One function a subcommand; each in a file of its own name. They print to stdout what was asked
// for and to stderr the rest.
ExitCode run_build(const BuildOptions& options);
ExitCode run_plan(const PlanOptions& options);
ExitCode run_key(const KeyOptions& options);
ExitCode run_dump(const DumpOptions& options);
ExitCode run_opt(const OptOptions& options);
ExitCode run_import(const ImportOptions& options);
ExitCode run_export(const ExportOptions& options);
ExitCode run_pull(const TransferOptions& options);
ExitCode run_push(const TransferOptions& options);
ExitCode run_inspect(const InspectOptions& options);
ExitCode run_run(const RunOptions& options);
ExitCode run_gc(const GcCommandOptions& options);
ExitCode run_doctor(const DoctorOptions& options);
ExitCode run_version();

// The whole command line; main() without the catching.
int dispatch(int argc, char** argv);

}  // namespace strata::driver
