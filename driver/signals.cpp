// Ctrl-C: the first one stops the command in order, the second one ends the process.
#include "driver/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>

#include "backend/system/interrupt.h"

namespace strata::driver {
namespace {

constexpr std::array<int, 3> kHeeded = {SIGINT, SIGTERM, SIGHUP};

bool is_ignored(int number) {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kHeeded) {
    // A blocked signal waits even where it is ignored.
    if (!is_ignored(number)) {
      sigaddset(&set, number);
    }
  }
  // Wakes the thread at the end.
  sigaddset(&set, SIGUSR1);
  return set;
}

std::int64_t milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::atomic<std::int64_t> first_signal = 0;
std::atomic<int> first_number = SIGINT;
static_assert(std::atomic<std::int64_t>::is_always_lock_free &&
                  std::atomic<int>::is_always_lock_free,
              "signal handlers set them");

// timeout(1) and CI runners signal a process and then its whole group: one wish, not two.
constexpr std::int64_t kSameWish = 200;

void heed(int number) {
  const std::int64_t now = milliseconds();
  std::int64_t none = 0;
  if (!first_signal.compare_exchange_strong(none, now)) {
    if (now - none > kSameWish) {
      ::_exit(static_cast<int>(stopped_code()));
    }
    return;
  }
  // Before the wish, which whoever asks for the number has seen.
  first_number = number;
  backend::request_interrupt();
}

}  // namespace

ExitCode stopped_code() { return static_cast<ExitCode>(128 + first_number); }

void heed_signals() {
  struct sigaction action {};
  action.sa_handler = heed;
  // What waits asks for the wish from time to time; nothing relies on EINTR.
  action.sa_flags = SA_RESTART;
  for (const int number : kHeeded) {
    // A script's background job has SIGINT ignored, and can be stopped all the same, as with ninja.
    if (number != SIGHUP || !is_ignored(number)) {
      (void)::sigaction(number, &action, nullptr);
    }
  }
}

InterruptWatch::InterruptWatch(std::function<void()> on_cancel) : on_cancel_(std::move(on_cancel)) {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { wait_for_signals(); });
}

InterruptWatch::~InterruptWatch() {
  done_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
  const sigset_t set = watched();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void InterruptWatch::cancel() {
  if (!cancelled_.exchange(true)) {
    on_cancel_();
  }
}

void InterruptWatch::wait_for_signals() {
  const sigset_t set = watched();
  if (backend::interrupted()) {
    cancel();
  }
  while (true) {
    int number = 0;
    if (sigwait(&set, &number) != 0 || number == SIGUSR1) {
      if (done_) {
        return;
      }
      continue;
    }
    heed(number);
    cancel();
  }
}

}  // namespace strata::driver
