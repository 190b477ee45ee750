// The strata executable: the command line, and the last place that catches.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "backend/system/standard_output.h"
#include "driver/commands.h"
#include "driver/console.h"

namespace {

// A file opened later must not get the number of a standard stream that is closed: what is meant
// for the stream would be written into it. Writing to one that is opened so here fails, as it
// should.
void occupy_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) {
      // The lowest number that is free, which is this one.
      (void)::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    }
  }
}

// Whoever read the answer has gone: `strata … | head` ends as every other command does there.
void end_as_by_sigpipe() {
  (void)std::signal(SIGPIPE, SIG_DFL);
  (void)std::raise(SIGPIPE);
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_streams();
  // A closed pipe is an error of the write that meets it, not the end of the process.
  (void)std::signal(SIGPIPE, SIG_IGN);
  // Where the caller ignored it, children would vanish with their exit codes.
  (void)std::signal(SIGCHLD, SIG_DFL);
  try {
    const int code = strata::driver::dispatch(argc, argv);
    if (strata::backend::standard_output_abandoned()) {
      end_as_by_sigpipe();
    }
    return code;
  } catch (const std::bad_alloc&) {
    // Nothing that takes memory.
    (void)std::fputs("strata: error: out of memory\n", stderr);
    return static_cast<int>(strata::driver::ExitCode::Machine);
  } catch (const std::exception& error) {
    strata::driver::remark("strata: internal error: {}\n", error.what());
  } catch (...) {
    strata::driver::remark("strata: internal error\n");
  }
  return static_cast<int>(strata::driver::ExitCode::InternalError);
}
