#pragma once

#include <thread>

#include "backend/execute/executor.h"
#include "backend/system/fd.h"

namespace strata::driver {

// While alive, signals that end or ask something (SIGINT, SIGTERM, SIGHUP, …) are given to what the
// executor runs, in a thread of its own; the third SIGINT, SIGTERM or SIGHUP ends it, as docker's
// client does, and so does one that came before. Create it after the executor was forked, with no
// other thread that takes these signals.
class SignalForwarder {
 public:
  explicit SignalForwarder(backend::Executor& executor);
  ~SignalForwarder();
  SignalForwarder(const SignalForwarder&) = delete;
  SignalForwarder& operator=(const SignalForwarder&) = delete;

 private:
  void serve();

  backend::Executor* executor_;
  backend::Fd signals_;
  // Readable when it is to end.
  backend::Fd end_;
  std::thread thread_;
};

}  // namespace strata::driver
