// executor_child.h: PID 1 of the executor's namespaces. It gives each run a process of its own and
// reaps it; it mounts, waits for and looks into nothing itself, so it always hears a cancel().
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
#include <optional>

#include "backend/execute/cgroups.h"
#include "backend/execute/container.h"
#include "backend/execute/forwarded_signals.h"
#include "backend/execute/namespaced_child.h"
#include "backend/execute/runtime.h"
#include "backend/execute/sandbox.h"
#include "backend/execute/wire.h"
#include "backend/system/files.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

// Not even its own number is used by the container.
constexpr unsigned kSelfTest = 0;

class Server {
 public:
  Server(Fd socket, ExecutorOptions options, int unshare_errno)
      : socket_(std::move(socket)), options_(std::move(options)), unshare_errno_(unshare_errno) {}

  // Until the other side closes.
  void serve();

 private:
  // A request whose reply is due.
  struct Waiting {
    RunRequest request;
    Fd reply;
  };
  struct Running {
    NamespacedChild child;
    Fd reply;
    std::string name;
  };

  void prepare();
  Result<void> start_self_test();
  void self_test_ended(std::string_view report);
  void receive(Packet packet);
  void accept(Packet packet);
  void start(Waiting waiting);
  void start_waiting();
  void reap();
  void process_ended(pid_t process);
  void signal(int number);
  void cancel();
  void clean_up_after(const std::string& container) const;

  Fd socket_;
  ExecutorOptions options_;
  int unshare_errno_ = 0;
  // The process that chooses the runtime; what it found.
  std::optional<NamespacedChild> self_test_;
  std::optional<Result<Runtime>> runtime_;
  // Until there is a runtime.
  std::list<Waiting> waiting_;
  std::list<Running> running_;
  unsigned next_ = kSelfTest + 1;
  bool cancelled_ = false;
};

Error interrupted_error() { return {ErrorCode::Interrupted, "interrupted"}; }

// Nobody may be left to hear it.
void reply_to(const Fd& reply, const Result<RunOutcome>& outcome) {
  static_cast<void>(send_packet(reply, pack_reply(outcome), {}));
}

// What a child that has been reaped reported, "" when nothing.
std::string report_of(const NamespacedChild& child) {
  const auto packet = receive_packet(child.report);
  return packet && *packet ? (*packet)->data : std::string();
}

void Server::prepare() {
  if (runtime_ || self_test_ || cancelled_) {
    return;
  }
  if (Result<void> started = start_self_test(); !started) {
    runtime_ = std::move(started).error();
  }
}

Result<void> Server::start_self_test() {
  if (unshare_errno_ != 0) {
    Error error = errno_error("new mount and PID namespaces", unshare_errno_);
    error.code = ErrorCode::Machine;
    error.message += "; a RUN needs root; `strata doctor` tells what this machine lacks";
    return error;
  }
  STRATA_TRY(enter_sandbox());
  STRATA_TRY(make_directories(options_.state_directory));
  STRATA_ASSIGN(self_test_,
                fork_namespaced("strata-selftest", {}, [this](const Result<void>& entered) {
                  return pack_runtime(entered ? choose_runtime(options_) : entered.error());
                }));
  return {};
}

void Server::self_test_ended(std::string_view report) {
  self_test_.reset();
  clean_up_after(container_name(options_.id, kSelfTest));
  if (report.empty()) {
    runtime_ = cancelled_ ? interrupted_error()
                          : Error{ErrorCode::Machine, "the test of the OCI runtime was killed"};
  } else {
    runtime_ = unpack_runtime(std::string(report));
  }
  if (*runtime_ && base_name((*runtime_)->path) == "crun") {
    // Its self-test had mounts of its own.
    hide_hybrid_cgroups();
  }
  start_waiting();
}

void Server::accept(Packet packet) {
  Waiting waiting;
  waiting.reply = std::move(packet.fds[0]);
  Result<RunSpec> spec = unpack_spec(packet.fds[1]);
  if (!spec) {
    reply_to(waiting.reply, std::move(spec).error());
    return;
  }
  waiting.request.spec = *std::move(spec);
  const bool streams = waiting.request.spec.terminal != RunSpec::Terminal::None;
  waiting.request.standard_input = streams ? std::move(packet.fds[2]) : Fd();
  waiting.request.standard_output = std::move(packet.fds[streams ? 3 : 2]);
  waiting.request.standard_error = std::move(packet.fds[streams ? 4 : 3]);
  waiting_.push_back(std::move(waiting));
  prepare();
  start_waiting();
}

void Server::start_waiting() {
  // Not before what the self-test started is gone.
  while (!waiting_.empty() && !self_test_ && (cancelled_ || runtime_)) {
    Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    if (cancelled_) {
      reply_to(waiting.reply, interrupted_error());
    } else if (!*runtime_) {
      reply_to(waiting.reply, runtime_->error());
    } else {
      start(std::move(waiting));
    }
  }
}

void Server::start(Waiting waiting) {
  const ContainerPlace place = {.name = container_name(options_.id, next_++),
                                .state_directory = options_.state_directory};
  RunRequest& request = waiting.request;
  const std::vector<int> kept = {request.standard_input.get(), request.standard_output.get(),
                                 request.standard_error.get()};
  Result<NamespacedChild> child =
      fork_namespaced("strata-container", kept, [&](const Result<void>& entered) {
        return pack_reply(entered ? Container(std::move(request), place).run(**runtime_)
                                  : Result<RunOutcome>(entered.error()));
      });
  if (!child) {
    reply_to(waiting.reply, std::move(child).error());
    return;
  }
  running_.push_back({*std::move(child), std::move(waiting.reply), place.name});
}

void Server::receive(Packet packet) {
  constexpr std::size_t kFewestDescriptors = 4;
  constexpr std::size_t kStreams = 5;
  if (packet.data == kCancelRequest) {
    cancel();
  } else if (packet.data.starts_with(kSignalRequest)) {
    signal(std::atoi(packet.data.c_str() + kSignalRequest.size()));
  } else if (packet.data == kPrepareRequest) {
    prepare();
  } else if (packet.data == kRunRequest && packet.fds.size() >= kFewestDescriptors &&
             packet.fds.size() <= kStreams) {
    accept(std::move(packet));
  }
}

// With the process all that it started is gone, and what it mounted.
void Server::process_ended(pid_t process) {
  if (self_test_ && self_test_->process == process) {
    self_test_ended(report_of(*self_test_));
    return;
  }
  const auto run = std::find_if(running_.begin(), running_.end(), [process](const Running& one) {
    return one.child.process == process;
  });
  if (run == running_.end()) {
    return;
  }
  clean_up_after(run->name);
  const std::string report = report_of(run->child);
  if (cancelled_) {
    reply_to(run->reply, interrupted_error());
  } else if (report.empty()) {
    reply_to(run->reply, Error{ErrorCode::Machine, "the process that held the RUN was killed"});
  } else {
    static_cast<void>(send_packet(run->reply, report, {}));
  }
  running_.erase(run);
}

// The runtime's own `delete` would cost another start of it.
void Server::clean_up_after(const std::string& container) const {
  static_cast<void>(remove_tree(options_.state_directory + "/" + container));
  remove_cgroups(container);
}

void Server::reap() {
  for (pid_t process = 0; (process = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
    process_ended(process);
  }
}

void Server::cancel() {
  cancelled_ = true;
  if (self_test_) {
    ::kill(self_test_->process, SIGKILL);
  }
  for (const Running& run : running_) {
    ::kill(run.child.process, SIGKILL);
  }
  start_waiting();
}

void Server::signal(int number) {
  if (running_.empty()) {
    cancel();
  }
  for (const Running& run : running_) {
    ::kill(run.child.process, number);
  }
}

void Server::serve() {
  // A run's child has them blocked from its start, and waits for them.
  const sigset_t forwarded = forwarded_signals();
  ::sigprocmask(SIG_BLOCK, &forwarded, nullptr);
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
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (ready[1].revents != 0) {
      signalfd_siginfo information{};
      while (::read(signals.get(), &information, sizeof information) > 0) {
      }
    }
    // Each time: signals of one kind are merged.
    reap();
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
