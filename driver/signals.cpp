// Ctrl-C: the first one stops the build in order, the second one ends the process.
#include "driver/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "backend/system/interrupt.h"

namespace strata::driver {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  // Wakes the thread at the end.
  sigaddset(&set, SIGUSR1);
  return set;
}

}  // namespace

Interrupts::Interrupts(std::function<void()> on_cancel) : on_cancel_(std::move(on_cancel)) {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { wait_for_signals(); });
}

Interrupts::~Interrupts() {
  done_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
  const sigset_t set = watched();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Interrupts::wait_for_signals() {
  const sigset_t set = watched();
  while (true) {
    int number = 0;
    if (sigwait(&set, &number) != 0 || number == SIGUSR1) {
      if (done_) {
        return;
      }
      continue;
    }
    if (cancelled_.exchange(true)) {
      ::_exit(130);
    }
    backend::request_interrupt();
    on_cancel_();
  }
}

}  // namespace strata::driver
