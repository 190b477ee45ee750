// executor_child.h: PID 1 of the executor's namespaces. It starts containers, reaps everything, and
// never blocks for longer than a mount or the self-test takes.
#include "backend/execute/executor_child.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <list>
#include <map>
#include <optional>

#include "backend/execute/container.h"
#include "backend/execute/runtime.h"
#include "backend/execute/sandbox.h"
#include "backend/execute/wire.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr int kTick = 50;

class Server {
 public:
  Server(Fd socket, ExecutorOptions options, int unshare_errno)
      : socket_(std::move(socket)), options_(std::move(options)), unshare_errno_(unshare_errno) {}

  // Until the other side closes.
  void serve();

 private:
  using Containers = std::list<Container>;

  void prepare();
  Result<Runtime> find_runtime();
  void receive(Packet packet);
  void begin(Packet packet);
  void reap();
  void process_ended(pid_t pid, int status);
  void end(Containers::iterator container, Result<RunOutcome> outcome);
  void cancel();
  void tick();
  [[nodiscard]] int timeout() const;

  Fd socket_;
  ExecutorOptions options_;
  int unshare_errno_ = 0;
  // The runtime, or why there is none; set by prepare().
  std::optional<Result<Runtime>> runtime_;
  Containers containers_;
  // Processes that were reaped before their runtime told their id.
  std::map<pid_t, int> orphans_;
  unsigned next_ = 1;
  bool cancelled_ = false;
};

void Server::prepare() {
  if (!runtime_) {
    runtime_ = find_runtime();
  }
}

Result<Runtime> Server::find_runtime() {
  if (unshare_errno_ != 0) {
    Error error = errno_error("new mount and PID namespaces", unshare_errno_);
    error.code = ErrorCode::Machine;
    error.message += "; a RUN needs root; `strata doctor` tells what this machine lacks";
    return error;
  }
  STRATA_TRY(enter_sandbox());
  STRATA_TRY(make_directories(options_.state_directory));
  return choose_runtime(options_);
}

void Server::begin(Packet packet) {
  RunRequest request;
  request.reply = std::move(packet.fds[0]);
  Result<RunSpec> spec = unpack_spec(packet.fds[1]);
  if (!spec) {
    static_cast<void>(send_packet(request.reply, pack_reply(std::move(spec).error()), {}));
    return;
  }
  request.spec = *std::move(spec);
  const bool streams = request.spec.terminal != RunSpec::Terminal::None;
  request.standard_input = streams ? std::move(packet.fds[2]) : Fd();
  request.standard_output = std::move(packet.fds[streams ? 3 : 2]);
  request.standard_error = std::move(packet.fds[streams ? 4 : 3]);
  prepare();
  containers_.emplace_back(std::move(request), container_name(options_.id, next_++));
  const auto container = std::prev(containers_.end());
  if (cancelled_) {
    container->cancel();
    end(container, RunOutcome{});
  } else if (!*runtime_) {
    end(container, runtime_->error());
  } else if (Result<void> started = container->start(**runtime_, options_.state_directory);
             !started) {
    end(container, std::move(started).error());
  }
}

void Server::receive(Packet packet) {
  constexpr std::size_t kFewestDescriptors = 4;
  constexpr std::size_t kStreams = 5;
  if (packet.data == kCancelRequest) {
    cancel();
  } else if (packet.data == kPrepareRequest) {
    prepare();
  } else if (packet.data == kRunRequest && packet.fds.size() >= kFewestDescriptors &&
             packet.fds.size() <= kStreams) {
    begin(std::move(packet));
  }
}

void Server::end(Containers::iterator container, Result<RunOutcome> outcome) {
  container->finish(std::move(outcome), options_.state_directory);
  containers_.erase(container);
}

void Server::process_ended(pid_t pid, int status) {
  for (auto container = containers_.begin(); container != containers_.end(); ++container) {
    if (container->process() == pid) {
      const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      constexpr int kSignalBase = 128;
      end(container,
          RunOutcome{.exit_code = signal != 0 ? kSignalBase + signal : WEXITSTATUS(status),
                     .signal = signal});
      return;
    }
    if (container->runtime_process() != pid) {
      continue;
    }
    if (auto outcome = container->runtime_ended(status); outcome) {
      end(container, *std::move(outcome));
    } else if (const auto orphan = orphans_.find(container->process()); orphan != orphans_.end()) {
      const auto [process, ended_with] = *orphan;
      orphans_.erase(orphan);
      process_ended(process, ended_with);
    } else if (container->cancelled()) {
      container->cancel();
    }
    return;
  }
  orphans_[pid] = status;
}

void Server::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    process_ended(pid, status);
  }
  const bool starting =
      std::any_of(containers_.begin(), containers_.end(),
                  [](const Container& container) { return container.runtime_process() > 0; });
  if (!starting) {
    orphans_.clear();
  }
}

void Server::cancel() {
  cancelled_ = true;
  for (Container& container : containers_) {
    container.cancel();
  }
}

void Server::tick() {
  for (Container& container : containers_) {
    if (container.cancelled()) {
      container.cancel();
    }
    container.follow_terminal_size();
  }
}

int Server::timeout() const {
  const bool needed = std::any_of(
      containers_.begin(), containers_.end(),
      [](const Container& container) { return container.cancelled() || container.has_terminal(); });
  return needed ? kTick : -1;
}

void Server::serve() {
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  const Fd signals(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) {
    return;
  }
  for (;;) {
    std::array<pollfd, 2> ready = {pollfd{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                                   pollfd{.fd = signals.get(), .events = POLLIN, .revents = 0}};
    if (::poll(ready.data(), ready.size(), timeout()) < 0 && errno != EINTR) {
      return;
    }
    if (ready[1].revents != 0) {
      signalfd_siginfo information{};
      while (::read(signals.get(), &information, sizeof information) > 0) {
      }
    }
    // Each time: signals of one kind are merged, and the self-test eats some.
    reap();
    tick();
    if (ready[0].revents != 0) {
      auto packet = receive_packet(socket_);
      if (!packet || !*packet) {
        return;
      }
      receive(**std::move(packet));
    }
  }
}

}  // namespace

void serve_runs(Fd socket, const ExecutorOptions& options, int unshare_errno) {
  constexpr mode_t kUmask = 022;
  ::umask(kUmask);
  ::prctl(PR_SET_NAME, "strata-executor");
  try {
    Server server(std::move(socket), options, unshare_errno);
    server.serve();
  } catch (const std::exception&) {
    // Out of memory: the requests' sockets close, and their callers say that the executor is gone.
    ::_exit(EXIT_FAILURE);
  }
  // Takes everything in the PID namespace along.
  ::_exit(EXIT_SUCCESS);
}

}  // namespace strata::backend
