// run_parallel: a counter that threads take small runs of indices from.
#include "backend/system/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "backend/system/interrupt.h"

namespace strata::backend {

Result<void> run_parallel(unsigned jobs, std::size_t count,
                          const std::function<Result<void>(std::size_t)>& task) {
  constexpr std::size_t kRun = 16;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t failed_index = count;
  std::optional<Error> failure;
  // Lowest failure so far: what lies above it need not be done.
  std::atomic<std::size_t> limit{count};

  const auto work = [&] {
    for (;;) {
      const std::size_t begin = next.fetch_add(kRun);
      if (begin >= count) {
        return;
      }
      const std::size_t end = std::min(begin + kRun, count);
      for (std::size_t index = begin; index < end && index < limit.load(); ++index) {
        Result<void> result = interrupted() ? check_interrupted() : task(index);
        if (!result) {
          const std::lock_guard lock(mutex);
          if (index < failed_index) {
            failed_index = index;
            failure = std::move(result).error();
            limit.store(index);
          }
        }
      }
    }
  };

  std::vector<std::thread> threads;
  const std::size_t wanted = std::min<std::size_t>(std::max(jobs, 1U), (count + kRun - 1) / kRun);
  try {
    for (std::size_t i = 1; i < wanted; ++i) {
      threads.emplace_back(work);
    }
  } catch (const std::system_error&) {
    // The threads that did start, and this one, do all of it.
  }
  work();
  for (std::thread& thread : threads) {
    thread.join();
  }
  return failure ? Result<void>(*std::move(failure)) : Result<void>();
}

}  // namespace strata::backend
