#pragma once

#include <string>

#include "backend/execute/runtime.h"
#include "ir/base/result.h"

namespace strata::backend {

// Tries on this machine, each in a child with namespaces of its own, so nothing stays. Both fork:
// call them before any thread starts. What they need on disk they make below `directory` and
// remove.

// Mounts an overlay as a run does and writes through it. Error Machine.
[[nodiscard]] Result<void> probe_overlay(const std::string& directory);

// The self-test of a runtime; what its containers go without, "" when nothing. Error Machine.
[[nodiscard]] Result<std::string> probe_runtime(const Runtime& runtime,
                                                const std::string& directory);

}  // namespace strata::backend
