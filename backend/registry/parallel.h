#pragma once

#include <cstddef>
#include <functional>

#include "ir/base/result.h"

namespace strata::backend {

// Runs task(0) … task(count - 1) on at most `jobs` threads. After an error no further task starts;
// the error of the lowest index is returned.
Result<void> run_parallel(std::size_t count, unsigned jobs,
                          const std::function<Result<void>(std::size_t)>& task);

}  // namespace strata::backend
