#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "backend/execute/executor.h"
#include "backend/execute/runtime.h"
#include "backend/execute/stubs.h"

namespace strata::backend {

// What a request brought: the spec and its descriptors.
struct RunRequest {
  RunSpec spec;
  Fd reply;
  Fd standard_input;
  Fd standard_output;
  Fd standard_error;
};

// One run, from the mount of its root to the removal of its traces.
class Container {
 public:
  Container(RunRequest request, std::string name);

  // Mounts the root, makes the mount points and starts the runtime. After an error finish() is due
  // as well.
  [[nodiscard]] Result<void> start(const Runtime& runtime, const std::string& state_directory);
  // The runtime has ended: an outcome when that was all, nullopt when the process runs on as
  // process().
  [[nodiscard]] std::optional<Result<RunOutcome>> runtime_ended(int status);
  // Unmounts, removes stubs, runtime state and cgroups, replies.
  void finish(Result<RunOutcome> outcome, const std::string& state_directory);

  // Kills it; again and again until it has ended, as a process may not have started yet.
  void cancel();

  // Tells the runtime when the terminal has another size.
  void follow_terminal_size();

  [[nodiscard]] pid_t runtime_process() const { return runtime_process_; }
  [[nodiscard]] pid_t process() const { return process_; }
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  [[nodiscard]] bool has_terminal() const { return tty_; }

 private:
  Result<void> mount_points();
  Result<void> make_mount_points();
  Result<void> working_directory();
  [[nodiscard]] bool below_bind(const std::string& path) const;
  [[nodiscard]] std::string bundle() const { return request_.spec.scratch + "/bundle"; }

  RunRequest request_;
  std::string name_;
  std::string resolv_conf_;
  std::string hosts_;
  std::optional<Stubs> stubs_;
  bool mounted_ = false;
  bool tty_ = false;
  bool cancelled_ = false;
  pid_t runtime_process_ = -1;
  pid_t process_ = -1;
  unsigned rows_ = 0;
  unsigned columns_ = 0;
};

}  // namespace strata::backend
