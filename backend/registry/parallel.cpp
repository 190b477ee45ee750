// A bounded parallel loop over blobs.
#include "backend/registry/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace strata::backend {

Result<void> run_parallel(std::size_t count, unsigned jobs,
                          const std::function<Result<void>(std::size_t)>& task) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  std::optional<std::pair<std::size_t, Error>> first;
  const auto work = [&] {
    for (std::size_t i = next++; i < count && !failed; i = next++) {
      Result<void> result = task(i);
      if (!result) {
        failed = true;
        const std::lock_guard lock(mutex);
        if (!first || i < first->first) {
          first.emplace(i, std::move(result).error());
        }
      }
    }
  };
  const std::size_t threads = std::min<std::size_t>(count, std::max(jobs, 1U));
  std::vector<std::jthread> pool;
  for (std::size_t i = 1; i < threads; ++i) {
    pool.emplace_back(work);
  }
  work();
  pool.clear();
  if (first) {
    return std::move(first->second);
  }
  return {};
}

}  // namespace strata::backend
