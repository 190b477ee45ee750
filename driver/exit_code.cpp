// From a failure of the world to what the user and the calling process see of it.
#include "driver/exit_code.h"

#include <fmt/format.h>

#include <cstdio>

namespace strata::driver {

ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::Input:
    case ErrorCode::Outside:
    case ErrorCode::NotFound:
      return ExitCode::Input;
    case ErrorCode::Lock:
      return ExitCode::Lock;
    case ErrorCode::Step:
      return ExitCode::StepFailed;
    case ErrorCode::Network:
      return ExitCode::Network;
    case ErrorCode::Machine:
    case ErrorCode::Io:
    case ErrorCode::Corrupt:
      return ExitCode::Machine;
    case ErrorCode::Interrupted:
      return ExitCode::Interrupted;
  }
  return ExitCode::InternalError;
}

ExitCode report(const Error& error) {
  const ExitCode code = exit_code_of(error.code);
  if (code == ExitCode::Interrupted) {
    fmt::print(stderr, "strata: interrupted\n");
    return code;
  }
  fmt::print(stderr, "strata: error: {}\n", error.message);
  if (code == ExitCode::Machine && error.message.find("strata doctor") == std::string::npos) {
    fmt::print(stderr, "strata: `strata doctor` shows what this machine lacks\n");
  }
  return code;
}

}  // namespace strata::driver
