#pragma once

#include <cstddef>
#include <functional>

#include "ir/base/result.h"

namespace strata::backend {

// Calls task(0) … task(count - 1) on up to `jobs` threads, the caller's among them, in no order.
// Returns the error of the lowest index that failed, so that a message does not depend on timing;
// after a failure, higher indices may not be called. Error Interrupted at a wish to stop.
[[nodiscard]] Result<void> run_parallel(unsigned jobs, std::size_t count,
                                        const std::function<Result<void>(std::size_t)>& task);

}  // namespace strata::backend
