#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/system/fd.h"
#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::backend {

// A process in a root, as the OCI runtime starts it.
struct RunSpec {
  // Unpacked diff trees, bottom first (may be empty: an empty root).
  std::vector<std::string> lowers;
  // A fresh directory of Store::new_scratch(): the executor makes `upper`, `work`, `root` and
  // `bundle` in it. After run() nothing is mounted there and `upper` holds what the process
  // changed, its own stubs (/dev, /proc, /etc/resolv.conf, mount targets …) removed again.
  std::string scratch;
  ir::Strings args;
  ir::Pairs
      env;  // complete but for what the sandbox profile adds (HOME when unset, SOURCE_DATE_EPOCH)
  std::string cwd;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  std::string home = "/root";
  std::string network;   // "" (default), "none", "host"
  std::string hostname;  // "" is the sandbox profile's
  std::int64_t epoch = 0;
  // Host paths bound into the root.
  struct Bind {
    std::string source;
    std::string target;
    enum class Access { ReadOnly, ReadWrite } access = Access::ReadOnly;
  };
  std::vector<Bind> binds;
  // File systems in memory, empty at the start.
  struct Tmpfs {
    std::string target;
    ir::Strings options;  // as mount(8) has them
  };
  std::vector<Tmpfs> tmpfs;
  // The root cannot be written to; what is mounted in it can.
  bool read_only = false;
  // None: stdin is empty, stdout and stderr go to `output`. Stdio: this process's own three
  // descriptors as they are. Inherit: those, through a terminal of the container's own when stdin
  // is one.
  enum class Terminal { None, Stdio, Inherit } terminal = Terminal::None;
};

struct RunOutcome {
  // The process's exit code, or 128 + signal; 127 and 126 when its program is not there or cannot
  // be run, as shells have it (the runtime has then said so on `output`).
  int exit_code = 0;
  // 0, or the signal that killed it. A shell that reports a killed child exits with 128 + signal
  // itself: that is an exit code.
  int signal = 0;
};

struct ExecutorOptions {
  // "runc", "crun" or a path; "" is $STRATA_RUNTIME, then the first that passes the self-test.
  std::string runtime;
  // Names cgroups and runtime state: runtime_state_id(), or any unique word.
  std::string id;
  // Where runtime state (--root) goes; a directory that is cleaned by the store.
  std::string state_directory;
};

// Starts RUNs. A single-threaded child in its own mount and PID namespace with its own /proc and
// PDEATHSIG, which gives each run namespaces of its own again: overlays are mounted only there, and
// however strata, its executor, a run or a runtime dies, the kernel ends every process and mount
// below it.
class Executor {
 public:
  // Forks: must be called before the process starts any thread. The runtime is chosen by prepare()
  // or the first run(), not here, so a build without RUN needs none.
  static Result<std::unique_ptr<Executor>> start(const ExecutorOptions& options);
  ~Executor();

  // Says that run() will be called: the executor then sets its sandbox up and tests the runtime
  // while its caller does other things. What it finds wrong, run() reports.
  void prepare();

  // Blocks until the process has ended and its overlay is unmounted; several threads may call at
  // once. Output goes to `output` (stdout and stderr, as the process wrote them) unless the
  // terminal is inherited. Errors: Machine (no runtime works here: names what was tried and `strata
  // doctor`; no overlay; no space), Interrupted. A process that fails is an outcome, not an error.
  [[nodiscard]] Result<RunOutcome> run(const RunSpec& spec, const Fd& output);

  // Sends a signal to the processes that run() has started. One that is the first of its namespace
  // would not notice a signal that it neither handles nor ignores: it is killed, and its outcome
  // says that this signal did it. Before any has started this is cancel(). From any thread.
  void signal(int number);

  // Kills what runs now, the self-test and its runtime too; every run(), later ones too, returns
  // Interrupted, within about a second even when the executor does not answer. From any thread.
  void cancel();

 private:
  struct State;
  explicit Executor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The executor's id for a build of the store in this directory, which must be there.
[[nodiscard]] std::string runtime_state_id(const std::string& store_path,
                                           const std::string& build_id);
// Removes the cgroups that builds of this store left when they were killed: those of build ids of
// which `is_running` says no. What still holds a process is left to the next call. Called before a
// build.
void remove_stale_runtime_state(const std::string& store_path,
                                const std::function<bool(const std::string&)>& is_running);

// One check of `strata doctor`.
struct Check {
  std::string name;
  enum class Status { Ok, Warning, Failed } status = Status::Ok;
  std::string detail;
  // What to do about it; "" when Ok.
  std::string advice;
};
// `store_refusal` is why the directory cannot be the store, or "": nothing is tried in it then.
[[nodiscard]] std::vector<Check> run_doctor(const std::string& store_path,
                                            const std::string& store_refusal,
                                            const std::string& runtime);

}  // namespace strata::backend
