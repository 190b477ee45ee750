#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>

namespace strata::backend {

// What ends a process or asks something of it, and reaches the process of a run from outside.
inline constexpr std::array<int, 6> kForwardedSignals = {SIGHUP,  SIGINT,  SIGQUIT,
                                                         SIGTERM, SIGUSR1, SIGUSR2};
[[nodiscard]] sigset_t forwarded_signals();

// Gives the signal to a process that is the first of its PID namespace. The kernel drops what such
// a process neither handles, ignores nor waits for; then it is killed, as the signal would have
// done elsewhere. True when that was so. `process` as this process's /proc has it.
bool give_signal(pid_t process, int number);

}  // namespace strata::backend
