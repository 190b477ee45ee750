#pragma once

#include "ir/base/result.h"

namespace strata::driver {

// The process's exit codes; the README lists them for users.
enum class ExitCode {
  Done = 0,
  InternalError = 1,
  // Usage, syntax or semantic error in the input.
  Input = 2,
  Lock = 3,
  StepFailed = 4,
  Network = 5,
  NotReproducible = 6,
  // No runtime, space, permission or usable file system.
  Machine = 7,
  // plan --detailed-exitcode: something would run.
  WorkPending = 10,
  Interrupted = 130,
};

[[nodiscard]] ExitCode exit_code_of(ErrorCode code);

// Writes `strata: error: …` to stderr, with what helps for the kind of error.
ExitCode report(const Error& error);

}  // namespace strata::driver
