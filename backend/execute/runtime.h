#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "backend/execute/executor.h"
#include "backend/execute/oci_spec.h"

namespace strata::backend {

// An OCI runtime's program.
struct Runtime {
  // As it was asked for: "runc", or a path.
  std::string name;
  std::string path;
  // Whether it can limit how many processes a container has; what choose_runtime() found.
  BundleFacts::Processes processes = BundleFacts::Processes::Unlimited;
};

// The runtimes to try, in order: `wanted`, else $STRATA_RUNTIME, else runc and crun. A path is ""
// when the program is not there.
[[nodiscard]] std::vector<Runtime> candidate_runtimes(const std::string& wanted);

// The first that passes the self-test. Call it in the sandbox. Error Machine names each that was
// tried, with what it said.
[[nodiscard]] Result<Runtime> choose_runtime(const ExecutorOptions& options);

// Runs `/bin/true` of the host in an empty root, with everything that a real run has, and sets
// `runtime.processes`: without the limit when it works only so (a container that may not delegate
// controllers). Error Machine: what the runtime said.
[[nodiscard]] Result<void> self_test(Runtime& runtime, const ExecutorOptions& options);

// One start of a runtime.
struct RuntimeCall {
  std::string runtime_path;
  // --root.
  std::string state_directory;
  // Holds config.json; gets `pid` and `log`.
  std::string bundle;
  std::string container;
  // Detached, the runtime ends when the process has started, and this process, which must reap
  // orphans, becomes its parent; so its status is the real one.
  enum class Mode { Detached, Foreground } mode = Mode::Detached;
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
};
// Returns the runtime's process id.
[[nodiscard]] Result<pid_t> start_runtime(const RuntimeCall& call);

// After the runtime's end: the process id that it started, or -1.
[[nodiscard]] pid_t started_process(const std::string& bundle);
// The last error that the runtime logged, "" when none.
[[nodiscard]] std::string logged_error(const std::string& bundle);
// What a shell would exit with if the message says that the program is not there (127) or cannot be
// run (126); 0 when it says something else.
[[nodiscard]] int shell_code_of(std::string_view message);
// Whether a runtime's message says that the disk is full: no fault of the runtime's.
[[nodiscard]] bool says_no_space(std::string_view message);

// A descriptor that reads as empty.
[[nodiscard]] Result<Fd> empty_input();

}  // namespace strata::backend
