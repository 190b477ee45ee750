// executor.h, the side that the builder sees: it forks the other one and sends it requests.
#include "backend/execute/executor.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "backend/execute/executor_child.h"
#include "backend/execute/fresh_signals.h"
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

// Leaves the socket and stderr (a failed check of ours must be heard); a lease or a pipe of
// strata's must not live on here.
void close_all_but(int socket) {
  const auto kept = static_cast<unsigned>(socket);
  if (kept > 3) {
    ::close_range(3, kept - 1, 0);
  }
  ::close_range(kept + 1, ~0U, 0);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    if (null < 0 || ::dup2(null, fd) < 0) {
      ::close(fd);
    }
  }
  ::close(null);
}

// Dies with its parent, even if that is already gone.
void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(EXIT_FAILURE);
  }
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
  close_all_but(socket.get());
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
};

Executor::Executor(std::unique_ptr<State> state) : state_(std::move(state)) {}

Executor::~Executor() {
  state_->socket.reset();
  while (::waitpid(state_->child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<std::unique_ptr<Executor>> Executor::start(const ExecutorOptions& options) {
  STRATA_ASSIGN(SocketPair sockets, make_socket_pair());
  ExecutorOptions own = options;
  own.state_directory = absolute(own.state_directory);
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
  STRATA_ASSIGN(const std::optional<Packet> packet, receive_packet(reply.first));
  if (!packet) {
    return state_->cancelled ? Error{ErrorCode::Interrupted, "interrupted"} : gone();
  }
  return unpack_reply(packet->data);
}

void Executor::cancel() {
  state_->cancelled = true;
  // A failure means that the executor, and so every process of it, is gone already.
  static_cast<void>(send_packet(state_->socket, kCancelRequest, {}));
}

}  // namespace strata::backend
