#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/execute/executor.h"
#include "backend/execute/runtime.h"
#include "backend/execute/stubs.h"

namespace strata::backend {

// What a request brought: the spec and the process's descriptors.
struct RunRequest {
  RunSpec spec;
  Fd standard_input;
  Fd standard_output;
  Fd standard_error;
};

// Where a run has its name and its files.
struct ContainerPlace {
  // Cgroup and runtime id.
  std::string name;
  // --root of the runtime.
  std::string state_directory;
};

// One run, in a NamespacedChild of its own: when that ends, whatever happened, the mounts and the
// processes of the run are gone. What is left then is files, which the executor removes, and
// cgroups.
class Container {
 public:
  Container(RunRequest request, ContainerPlace place);

  // Mounts the root, makes the mount points, starts the runtime, waits for the process, ends all
  // that is left of it, and takes root and mount points away again.
  [[nodiscard]] Result<RunOutcome> run(const Runtime& runtime);

 private:
  Result<RunOutcome> run_process(const Runtime& runtime);
  Result<void> start(const Runtime& runtime);
  Result<void> mount_points();
  Result<void> make_mount_points();
  Result<void> tmpfs_points();
  Result<void> bind_points();
  Result<std::string> config(const Runtime& runtime) const;
  Result<RunOutcome> wait();
  [[nodiscard]] pid_t next_ended(int& status);
  // The runtime has ended: an outcome when that was all, nullopt when the process that it started
  // runs on.
  [[nodiscard]] Result<std::optional<RunOutcome>> runtime_ended(int status) const;
  void forward(int number);
  void forward_early();
  void follow_terminal_size();
  [[nodiscard]] std::string bundle() const { return request_.spec.scratch + "/bundle"; }

  RunRequest request_;
  ContainerPlace place_;
  std::string resolv_conf_;
  std::string hosts_;
  std::optional<Stubs> stubs_;
  bool tty_ = false;
  pid_t runtime_process_ = -1;
  // What the runtime started, once it is known.
  pid_t process_ = -1;
  // Signals that came before.
  std::vector<int> early_;
  // The signal that ended the process as it could not have done itself; 0 when none did.
  int ended_by_ = 0;
  unsigned rows_ = 0;
  unsigned columns_ = 0;
};

}  // namespace strata::backend
