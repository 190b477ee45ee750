// The strata executable: the command line, and the last place that catches.
#include <csignal>
#include <cstdio>
#include <exception>

#include "driver/commands.h"

int main(int argc, char** argv) {
  // A closed pipe is an error of the write that meets it, not the end of the process.
  (void)std::signal(SIGPIPE, SIG_IGN);
  try {
    return strata::driver::dispatch(argc, argv);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "strata: internal error: %s\n", error.what());
  } catch (...) {
    (void)std::fprintf(stderr, "strata: internal error\n");
  }
  return static_cast<int>(strata::driver::ExitCode::InternalError);
}
