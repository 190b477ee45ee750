// From a failure of the world to what the user and the calling process see of it.
#include "driver/exit_code.h"

#include "backend/system/interrupt.h"
#include "backend/system/standard_output.h"
#include "driver/console.h"

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
    case ErrorCode::NoSpace:
    case ErrorCode::Io:
    case ErrorCode::Corrupt:
      return ExitCode::Machine;
    case ErrorCode::Interrupted:
      return ExitCode::Interrupted;
    case ErrorCode::Output:
      return ExitCode::InternalError;
  }
  return ExitCode::InternalError;
}

std::string_view advice_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::NoSpace:
      return "make room there, or let STRATA_HOME name another place; `strata gc --dry-run` says "
             "what it would free";
    case ErrorCode::Corrupt:
      return "`strata doctor --fsck` looks for more damage in the store";
    case ErrorCode::Machine:
      return error.message.find("strata doctor") == std::string::npos
                 ? "`strata doctor` shows what this machine lacks"
                 : "";
    case ErrorCode::Input:
    case ErrorCode::Outside:
    case ErrorCode::NotFound:
    case ErrorCode::Lock:
    case ErrorCode::Step:
    case ErrorCode::Network:
    case ErrorCode::Io:
    case ErrorCode::Interrupted:
    case ErrorCode::Output:
      return "";
  }
  return "";
}

ExitCode report(const Error& error) {
  const ExitCode code = exit_code_of(error.code);
  if (code == ExitCode::Interrupted || backend::interrupted()) {
    // What else goes wrong then is its consequence; dispatch() says it once.
    return ExitCode::Interrupted;
  }
  if (error.code == ErrorCode::Output && backend::standard_output_abandoned()) {
    // Whoever asked has gone: main() ends as by SIGPIPE, in silence.
    return code;
  }
  remark("strata: error: {}\n", error.message);
  if (const std::string_view advice = advice_for(error); !advice.empty()) {
    remark("strata: {}\n", advice);
  }
  return code;
}

}  // namespace strata::driver
