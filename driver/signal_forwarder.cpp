// signal_forwarder.h: the signals are blocked, and read from a descriptor.
#include "driver/signal_forwarder.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "backend/execute/forwarded_signals.h"
#include "backend/system/interrupt.h"
#include "ir/base/check.h"

namespace strata::driver {
namespace {

constexpr int kPatience = 3;

// What nohup and its like have set to be ignored stays so.
sigset_t heeded() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : backend::kForwardedSignals) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
      ::sigaddset(&set, number);
    }
  }
  return set;
}

bool is_wish_to_stop(int number) {
  return number == SIGINT || number == SIGTERM || number == SIGHUP;
}

}  // namespace

SignalForwarder::SignalForwarder(backend::Executor& executor)
    : executor_(&executor), end_(::eventfd(0, EFD_CLOEXEC)) {
  const sigset_t set = heeded();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = backend::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  STRATA_CHECK(end_.valid() && signals_.valid(), "eventfd, signalfd");
  thread_ = std::thread([this] { serve(); });
}

SignalForwarder::~SignalForwarder() {
  const std::uint64_t one = 1;
  (void)!::write(end_.get(), &one, sizeof one);
  thread_.join();
  const sigset_t set = heeded();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalForwarder::serve() {
  int wishes = 0;
  if (backend::interrupted()) {
    executor_->cancel();
  }
  while (true) {
    std::array<pollfd, 2> ready = {pollfd{.fd = end_.get(), .events = POLLIN, .revents = 0},
                                   pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0}};
    if ((::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) || ready[0].revents != 0) {
      return;
    }
    signalfd_siginfo signal{};
    if (::read(signals_.get(), &signal, sizeof signal) != sizeof signal) {
      continue;
    }
    const int number = static_cast<int>(signal.ssi_signo);
    wishes += is_wish_to_stop(number) ? 1 : 0;
    if (wishes < kPatience) {
      executor_->signal(number);
    } else {
      backend::request_interrupt();
      executor_->cancel();
    }
  }
}

}  // namespace strata::driver
