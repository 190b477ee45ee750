#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace strata::driver {

// While alive, SIGINT, SIGTERM and SIGHUP set cancelled() and call `on_cancel` once, from a thread
// of its own; the second signal ends the process at once with 130 (the executor's namespaces take
// everything along). Create it after the executor was forked.
class Interrupts {
 public:
  explicit Interrupts(std::function<void()> on_cancel);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  [[nodiscard]] const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  void wait_for_signals();

  std::function<void()> on_cancel_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

}  // namespace strata::driver
