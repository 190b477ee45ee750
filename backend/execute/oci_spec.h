#pragma once

#include <string>
#include <vector>

#include "backend/execute/executor.h"
#include "backend/execute/limits.h"
#include "ir/base/result.h"

namespace strata::backend {

// What a bundle's config.json needs beyond the RunSpec.
struct BundleFacts {
  // The mounted root.
  std::string root;
  // Absolute, in the cgroup hierarchy.
  std::string cgroups_path;
  // Where the host's resolver files go, resolved in the root; "" where they cannot be mounted.
  std::string resolv_conf;
  std::string hosts;
  enum class Cgroups { Version1, Version2 } cgroups = Cgroups::Version1;
  // Directories in which version 1's hierarchies are.
  std::vector<std::string> hierarchies;
  // Limited where the pids controller can be used.
  enum class Processes { Unlimited, Limited } processes = Processes::Unlimited;
  std::vector<Limit> limits;
  enum class Tty { No, Yes } tty = Tty::No;
  // Of the terminal at the start, 0 when not known.
  unsigned rows = 0;
  unsigned columns = 0;
};

// The config.json (OCI runtime-spec 1.0) of a run: the sandbox profile, see
// backend/execute/README.md. The binds' targets and `cwd` are used as they are. Variables whose
// name is empty or begins with `=` are left out. Error Input: a string that is not UTF-8, which the
// format cannot hold.
[[nodiscard]] Result<std::string> make_oci_config(const RunSpec& spec, const BundleFacts& facts);

}  // namespace strata::backend
