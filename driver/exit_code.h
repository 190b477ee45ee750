#pragma once

#include <string_view>

#include "ir/base/result.h"

namespace strata::driver {

// The process's exit codes; the README lists them for users.
enum class ExitCode {
  Done = 0,
  // A bug of strata's; or standard output, which does not take what was asked for.
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
  // run: the process did not start, as docker has it; its own codes are handed on.
  NotStarted = 125,
  // Ended by a wish to stop: 128 and the signal's number, as a shell says it (signals.h knows
  // which).
  HungUp = 129,
  Interrupted = 130,
  Terminated = 143,
};

[[nodiscard]] ExitCode exit_code_of(ErrorCode code);

// What helps against this kind of error; "" when nothing general does, or its message says it.
[[nodiscard]] std::string_view advice_for(const Error& error);

// Writes `strata: error: …` to stderr, with what helps for the kind of error.
ExitCode report(const Error& error);

}  // namespace strata::driver
