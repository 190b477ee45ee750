#pragma once

#include <string>
#include <vector>

#include "backend/execute/oci_spec.h"
#include "ir/base/result.h"

namespace strata::backend {

// The executor's own namespaces: what it finds and changes there before it starts runtimes.

// In a fresh mount and PID namespace: makes every mount private, `/` a mount point (pivot_root
// refuses the plain directory of a chroot), mounts its own /proc, and /sys and cgroups where the
// machine has none mounted. Error Machine.
[[nodiscard]] Result<void> enter_sandbox();

// Which cgroup layout a runtime will find.
[[nodiscard]] BundleFacts::Cgroups cgroup_version();

// Whether cgroups can limit the number of processes.
[[nodiscard]] bool has_pids_controller();

// crun refuses every container when a cgroup2 hierarchy with controllers is mounted beside v1
// ones. Covers it, in this mount namespace only.
void hide_hybrid_cgroups();

// The name of the `number`th container of a build: cgroup, runtime id.
[[nodiscard]] std::string container_name(const std::string& build_id, unsigned number);

// Removes this container's cgroups; waits a moment for the last process to be gone.
void remove_cgroups(const std::string& container);

}  // namespace strata::backend
