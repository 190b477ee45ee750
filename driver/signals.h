#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "driver/exit_code.h"

namespace strata::driver {

// From now on SIGINT and SIGTERM, and SIGHUP unless it was ignored (nohup), are the wish to stop
// (backend/system/interrupt.h); a second one that does not come with the first ends the process at
// once (the executor's namespaces take everything along). Starts no thread.
void heed_signals();

// What a process that was stopped ends with: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP; of
// several the first one counts. Interrupted before any.
[[nodiscard]] ExitCode stopped_code();

// While alive, these signals go to a thread of its own, and the first one sets cancelled() and
// calls `on_cancel` too: at once when it came before. Create it after the executor was forked.
class InterruptWatch {
 public:
  explicit InterruptWatch(std::function<void()> on_cancel);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  [[nodiscard]] const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  void wait_for_signals();
  void cancel();

  std::function<void()> on_cancel_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

}  // namespace strata::driver
