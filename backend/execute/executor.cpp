// executor.h, the side that the builder sees: it forks the other one and sends it requests.
#include "backend/execute/executor.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>

#include "backend/execute/executor_child.h"
#include "backend/execute/fresh_process.h"
#include "backend/execute/wire.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

// The executor's working directory is not the caller's.
std::string absolute(const std::string& path) {
  if (path.empty() || path.front() == '/') {
    return path;
  }
  std::array<char, PATH_MAX> cwd{};
  return ::getcwd(cwd.data(), cwd.size()) == nullptr ? path : std::string(cwd.data()) + "/" + path;
}

// A failed check of ours must be heard, so stderr stays.
void close_standard_streams() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    if (null < 0 || ::dup2(null, fd) < 0) {
      ::close(fd);
    }
  }
  ::close(null);
}

// Between strata and PID 1 of the new namespace: unshare(2) puts only children into that.
[[noreturn]] void watch(Fd socket, const ExecutorOptions& options, pid_t parent) {
  die_with(parent);
  // A terminal's Ctrl-C reaches strata alone, which decides.
  ::setsid();
  reset_signals();
  ::personality(PER_LINUX);
  // The first three are replaced.
  socket = Fd(::fcntl(socket.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  close_descriptors_but({socket.get()});
  close_standard_streams();
  static_cast<void>(::chdir("/"));
  const int unshare_errno = ::unshare(CLONE_NEWNS | CLONE_NEWPID) == 0 ? 0 : errno;
  const pid_t child = ::fork();
  if (child == 0) {
    // In a new namespace getppid() is 0 either way; if the parent has died already, so has strata,
    // and the socket is closed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve_runs(std::move(socket), options, unshare_errno);
  }
  socket.reset();
  while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  ::_exit(child > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

// Puts the terminal back as it was, should a killed runtime have left it raw.
class TerminalGuard {
 public:
  explicit TerminalGuard(RunSpec::Terminal terminal) {
    saved_ = terminal == RunSpec::Terminal::Inherit && ::tcgetattr(STDIN_FILENO, &modes_) == 0;
  }
  ~TerminalGuard() {
    if (saved_) {
      ::tcsetattr(STDIN_FILENO, TCSANOW, &modes_);
    }
  }
  TerminalGuard(const TerminalGuard&) = delete;
  TerminalGuard& operator=(const TerminalGuard&) = delete;

 private:
  termios modes_{};
  bool saved_ = false;
};

Error gone() {
  return Error{ErrorCode::Machine, "the executor process ended unexpectedly; see `strata doctor`"};
}

}  // namespace

struct Executor::State {
  Fd socket;
  pid_t child = -1;
  std::atomic<bool> cancelled = false;
  // Readable once it is.
  Fd cancel_event;

  // The answer to a request; nullopt when the executor has ended.
  Result<std::optional<Packet>> answer(const Fd& reply) const;
};

// After a cancel() it comes at once, unless the executor or what it killed hangs in the kernel, or
// was stopped. Then the watcher is killed, and the kernel ends the others as far as it can: nothing
// keeps strata from ending.
Result<std::optional<Packet>> Executor::State::answer(const Fd& reply) const {
  constexpr int kPatience = 1000;
  std::array<pollfd, 2> ready = {pollfd{.fd = reply.get(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = cancel_event.get(), .events = POLLIN, .revents = 0}};
  while (ready[0].revents == 0) {
    const int count = ::poll(ready.data(), ready.size(), cancelled ? kPatience : -1);
    if (count < 0 && errno != EINTR) {
      return errno_error("executor", errno);
    }
    if (count == 0) {
      ::kill(child, SIGKILL);
      return std::optional<Packet>();
    }
    // Heard: only the answer is waited for now.
    ready[1].fd = cancelled ? -1 : ready[1].fd;
  }
  return receive_packet(reply);
}

Executor::Executor(std::unique_ptr<State> state) : state_(std::move(state)) {}

Executor::~Executor() {
  constexpr int kPatience = 1000;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  state_->socket.reset();
  for (int i = 0; i < kPatience; ++i) {
    if (::waitpid(state_->child, nullptr, WNOHANG) != 0) {
      return;
    }
    ::nanosleep(&kPause, nullptr);
  }
  ::kill(state_->child, SIGKILL);
  ::waitpid(state_->child, nullptr, 0);
}

Result<std::unique_ptr<Executor>> Executor::start(const ExecutorOptions& options) {
  STRATA_ASSIGN(SocketPair sockets, make_socket_pair());
  ExecutorOptions own = options;
  own.state_directory = absolute(own.state_directory);
  Fd cancel_event(::eventfd(0, EFD_CLOEXEC));
  if (!cancel_event.valid()) {
    return errno_error("eventfd", errno);
  }
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return errno_error("fork", errno);
  }
  if (child == 0) {
    sockets.first.reset();
    watch(std::move(sockets.second), own, parent);
  }
  auto state = std::make_unique<State>();
  state->socket = std::move(sockets.first);
  state->child = child;
  state->cancel_event = std::move(cancel_event);
  return std::unique_ptr<Executor>(new Executor(std::move(state)));
}

void Executor::prepare() {
  // A failure means that the executor is gone, which run() will say.
  static_cast<void>(send_packet(state_->socket, kPrepareRequest, {}));
}

Result<RunOutcome> Executor::run(const RunSpec& spec, const Fd& output) {
  if (state_->cancelled) {
    return Error{ErrorCode::Interrupted, "interrupted"};
  }
  RunSpec own = spec;
  own.scratch = absolute(own.scratch);
  for (std::string& lower : own.lowers) {
    lower = absolute(lower);
  }
  for (RunSpec::Bind& bind : own.binds) {
    bind.source = absolute(bind.source);
  }
  STRATA_ASSIGN(const Fd request, pack_spec(own));
  STRATA_ASSIGN(SocketPair reply, make_socket_pair());
  std::vector<int> fds = {reply.second.get(), request.get()};
  if (spec.terminal == RunSpec::Terminal::None) {
    fds.insert(fds.end(), {output.get(), output.get()});
  } else {
    fds.insert(fds.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  }
  const TerminalGuard terminal(spec.terminal);
  if (!send_packet(state_->socket, kRunRequest, fds)) {
    return gone();
  }
  reply.second.reset();
  STRATA_ASSIGN(const std::optional<Packet> packet, state_->answer(reply.first));
  if (!packet) {
    return state_->cancelled ? Error{ErrorCode::Interrupted, "interrupted"} : gone();
  }
  return unpack_reply(packet->data);
}

void Executor::signal(int number) {
  // A failure means that there is nothing left to signal.
  static_cast<void>(
      send_packet(state_->socket, std::string(kSignalRequest) + std::to_string(number), {}));
}

void Executor::cancel() {
  state_->cancelled = true;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(state_->cancel_event.get(), &one, sizeof one));
  // A failure means that the executor, and so every process of it, is gone already.
  static_cast<void>(send_packet(state_->socket, kCancelRequest, {}));
}

}  // namespace strata::backend
