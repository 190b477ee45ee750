#pragma once

#include <string>
#include <vector>

#include "backend/execute/oci_spec.h"

namespace strata::backend {

// The cgroups of this mount namespace. Those of containers are removed by who made them, or by the
// next build of the same store: remove_stale_runtime_state() in executor.h.

// Which layout a runtime will find.
[[nodiscard]] BundleFacts::Cgroups cgroup_version();

// The directories that hold one hierarchy each, on version 2 the one.
[[nodiscard]] std::vector<std::string> cgroup_hierarchies();

// Whether cgroups can limit the number of processes.
[[nodiscard]] bool has_pids_controller();

// crun refuses every container when a cgroup2 hierarchy with controllers is mounted beside v1
// ones. Covers it, in this mount namespace only.
void hide_hybrid_cgroups();

// The name of the `number`th container of a build: cgroup, runtime id.
[[nodiscard]] std::string container_name(const std::string& id, unsigned number);

// Removes this container's cgroups; waits a moment for the last process to be gone.
void remove_cgroups(const std::string& container);

}  // namespace strata::backend
