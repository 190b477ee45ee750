// Runs a docker credential helper.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "backend/registry/docker_config.h"
#include "backend/registry/json.h"
#include "backend/system/fd.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/system/wait_ready.h"
#include "ir/base/parse_json.h"

namespace strata::backend {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestAnswer = std::size_t{1} << 20;

// A child in a process group of its own, ended and reaped on all paths.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      wait();
    }
  }
  // The exit status; 128 + signal when one ended it. Its answer may end before it does.
  Result<int> wait_until(Clock::time_point deadline, const std::string& program) {
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(pid_, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
      STRATA_TRY(pause_briefly());
      if (Clock::now() >= deadline) {
        return Error{ErrorCode::Machine, program + ": does not end"};
      }
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  void wait() {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }

  pid_t pid_;
};

struct Pair {
  Fd ours;
  Fd theirs;
};

// A socket and not a pipe: sending to a helper that has gone must not raise SIGPIPE.
Result<Pair> make_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return errno_error("socketpair", errno);
  }
  return Pair{Fd(fds[0]), Fd(fds[1])};
}

Result<pid_t> spawn(const std::string& program, const Fd& stream) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, stream.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, stream.get(), STDOUT_FILENO);
  // A helper may prompt on the terminal through stderr.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  // SIGPIPE is ignored here.
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = program;
  std::string verb = "get";
  const std::array<char*, 3> args = {name.data(), verb.data(), nullptr};
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, program.c_str(), &actions, &attributes, args.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return Error{ErrorCode::Machine, program + ": " + std::string(::strerror(error))};
  }
  return pid;
}

Result<std::string> read_answer(const Fd& stream, const std::string& program, int seconds,
                                Clock::time_point deadline) {
  std::string answer;
  while (true) {
    STRATA_TRY(check_interrupted());
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      return Error{ErrorCode::Machine,
                   program + ": no answer after " + std::to_string(seconds) + " s"};
    }
    pollfd poll{stream.get(), POLLIN, 0};
    constexpr long kLongestPoll = 100;
    if (::poll(&poll, 1, static_cast<int>(std::min<long>(left, kLongestPoll))) <= 0) {
      continue;
    }
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(stream.get(), buffer.data(), buffer.size());
    if (count == 0 || (count < 0 && errno == ECONNRESET)) {
      return answer;
    }
    if (count < 0 && errno != EINTR) {
      return errno_error(program, errno);
    }
    answer.append(buffer.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
    if (answer.size() > kLongestAnswer) {
      return Error{ErrorCode::Machine, program + ": its answer is longer than 1 MiB"};
    }
  }
}

Result<std::optional<Credentials>> interpret(const std::string& program, int status,
                                             const std::string& answer) {
  if (status != 0) {
    // The protocol tells "none" from "failed" by this text alone.
    if (answer.find("credentials not found") != std::string::npos) {
      return std::optional<Credentials>();
    }
    return Error{ErrorCode::Machine,
                 program + ": exited with " + std::to_string(status) + ": " + printable(answer)};
  }
  const Result<json> parsed = parse_json(answer);
  const json object = parsed ? *parsed : json();
  const auto text = [&object](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (!object.is_object() || text("Secret").empty()) {
    return Error{ErrorCode::Machine, program + ": its answer holds no secret"};
  }
  Credentials credentials;
  if (text("Username") == "<token>") {
    credentials.identity_token = text("Secret");
  } else {
    credentials.username = text("Username");
    credentials.password = text("Secret");
  }
  return std::optional(std::move(credentials));
}

}  // namespace

Result<std::optional<Credentials>> ask_credential_helper(const std::string& helper,
                                                         const std::string& server,
                                                         int timeout_seconds) {
  const std::string program = "docker-credential-" + helper;
  if (helper.find('/') != std::string::npos) {
    return Error{ErrorCode::Machine, program + ": a helper's name has no `/`"};
  }
  STRATA_ASSIGN(Pair pair, make_pair());
  STRATA_ASSIGN(const pid_t pid, spawn(program, pair.theirs));
  Child child(pid);
  pair.theirs.reset();
  // A short message into an empty socket; a helper that reads nothing may still answer.
  static_cast<void>(::send(pair.ours.get(), server.data(), server.size(), MSG_NOSIGNAL));
  ::shutdown(pair.ours.get(), SHUT_WR);
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(timeout_seconds);
  STRATA_ASSIGN(const std::string answer,
                read_answer(pair.ours, program, timeout_seconds, deadline));
  STRATA_ASSIGN(const int status, child.wait_until(deadline, program));
  return interpret(program, status, answer);
}

}  // namespace strata::backend
