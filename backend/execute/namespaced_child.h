#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend {

// A child process that is PID 1 of a PID namespace of its own and has its own mounts and its own
// /proc. However it ends, killed too, the kernel ends all that it started and undoes all that it
// mounted: once it can be reaped nothing of it is left.
struct NamespacedChild {
  pid_t process = -1;
  // Holds the packet that the body returned, if it came to that, when the process has been reaped.
  Fd report;
};

// Forks it from a single-threaded process that is in a PID namespace with a /proc of its own. The
// body runs in the child, with no descriptors but the first three and `kept`, and SIGCHLD blocked
// as it is here; `entered` is the error when the child's namespaces could not be made. Its answer
// is the report.
using ChildBody = std::function<std::string(const Result<void>& entered)>;
[[nodiscard]] Result<NamespacedChild> fork_namespaced(const char* name,
                                                      const std::vector<int>& kept,
                                                      const ChildBody& body);

}  // namespace strata::backend
