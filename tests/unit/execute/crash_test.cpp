// However strata dies, nothing of a run stays.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <thread>

#include "backend/system/files.h"
#include "execute_fixture.h"

namespace strata::backend {
namespace {

namespace fs = std::filesystem;

class CrashTest : public ExecuteTest {
 protected:
  void SetUp() override {
    ExecuteTest::SetUp();
    id_ = runtime_state_id(path_, fmt::format("{}-ab", ::getpid()));
  }
  void forget() {
    remove_stale_runtime_state(path_, [](const std::string&) { return false; });
  }
  // The only child of a process.
  static pid_t child_of(pid_t pid) {
    const auto children = read_file(fmt::format("/proc/{}/task/{}/children", pid, pid));
    return children.ok() && !children->empty() ? std::stoi(*children) : -1;
  }
  // Starts a RUN, does this to the processes between strata and the RUN once it runs, and tells
  // what run() returned.
  Result<RunOutcome> disturbed(
      const std::function<void(pid_t watcher, pid_t executor, pid_t run)>& act) {
    const std::string shared = directory(fmt::format("shared-{}", next_shared_++));
    RunSpec spec = shell(fmt::format("echo > /shared/ready; sleep 94{}.24687", ::getpid()));
    spec.binds = {
        {.source = shared, .target = "/shared", .access = RunSpec::Bind::Access::ReadWrite}};
    // Another build each time: what a killed executor leaves has its id.
    id_ = runtime_state_id(path_, fmt::format("{}-{}", ::getpid(), next_shared_));
    start();
    std::thread other([&] {
      EXPECT_TRUE(eventually([&] { return exists(shared + "/ready"); }));
      const pid_t watcher = child_of(::getpid());
      const pid_t executor = child_of(watcher);
      act(watcher, executor, child_of(executor));
    });
    Result<RunOutcome> outcome = run(spec);
    other.join();
    executor_.reset();
    const std::string mark = fmt::format("94{}.24687", ::getpid());
    EXPECT_TRUE(eventually([&] { return processes_with(mark).empty(); }))
        << testing::PrintToString(processes_with(mark));
    EXPECT_TRUE(eventually([&] { return processes_with(spec.scratch).empty(); }));
    forget();
    return outcome;
  }
  // Never a process group or everything: -1 is how child_of() says that there is none.
  static void signal_one(pid_t pid, int signal) {
    if (pid > 1) {
      ::kill(pid, signal);
    } else {
      ADD_FAILURE() << "no process to signal";
    }
  }

  // Runs `script` in a strata of its own, calls `act` with its process id once the script has
  // written to the file `ready` of a bound directory, and reaps it.
  void in_another_strata(const std::string& script, const std::function<void(pid_t)>& act) {
    const std::string shared = directory("shared");
    RunSpec spec = shell(script);
    spec.binds = {
        {.source = shared, .target = "/shared", .access = RunSpec::Bind::Access::ReadWrite}};
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      start();
      const auto outcome = run(spec);
      ::_exit(outcome.ok() ? outcome->exit_code : 99);
    }
    EXPECT_TRUE(eventually([&] { return exists(shared + "/ready"); }));
    act(pid);
    ::waitpid(pid, nullptr, 0);
  }

 private:
  int next_shared_ = 0;
};

TEST_F(CrashTest, kill_9_leaves_no_process_and_no_mount) {
  const std::string mark = fmt::format("98{}.24687", ::getpid());
  in_another_strata(
      fmt::format("sleep {} & echo > /shared/ready; echo partial > /partial; sleep {}", mark, mark),
      [&](pid_t pid) {
        EXPECT_FALSE(processes_with(mark).empty());
        ::kill(pid, SIGKILL);
      });
  EXPECT_TRUE(eventually([&] { return processes_with(mark).empty(); }))
      << testing::PrintToString(processes_with(mark));
  EXPECT_TRUE(eventually([&] { return processes_with(path_ + "/scratch").empty(); }))
      << testing::PrintToString(processes_with(path_ + "/scratch"));
  EXPECT_TRUE(mounts_with(path_).empty());
  // What remains is named after the store and the build, and the next one removes it.
  EXPECT_TRUE(eventually([&] {
    forget();
    return cgroups().empty();
  }));
  // And a new strata works in the same place.
  id_ = runtime_state_id(path_, fmt::format("{}-next", ::getpid()));
  start();
  const auto again = run(shell("echo again"));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(output_, "again\n");
}

TEST_F(CrashTest, the_middle_process_cannot_be_lost_alone) {
  const std::string mark = fmt::format("97{}.24687", ::getpid());
  in_another_strata(fmt::format("echo > /shared/ready; sleep {}", mark), [&](pid_t pid) {
    // Its only child is the one that watches over the executor.
    const auto children = read_file(fmt::format("/proc/{}/task/{}/children", pid, pid));
    ASSERT_TRUE(children.ok());
    ::kill(std::stoi(*children), SIGKILL);
    EXPECT_TRUE(eventually([&] { return processes_with(mark).empty(); }));
  });
  forget();
}

TEST_F(CrashTest, whatever_dies_between_strata_and_the_run_ends_it_with_an_error) {
  const auto watcher = disturbed([](pid_t pid, pid_t, pid_t) { signal_one(pid, SIGKILL); });
  ASSERT_FALSE(watcher.ok());
  EXPECT_EQ(watcher.error().code, ErrorCode::Machine) << watcher.error().message;
  const auto executor = disturbed([](pid_t, pid_t pid, pid_t) { signal_one(pid, SIGKILL); });
  ASSERT_FALSE(executor.ok());
  EXPECT_EQ(executor.error().code, ErrorCode::Machine) << executor.error().message;
  const auto holder = disturbed([](pid_t, pid_t, pid_t pid) { signal_one(pid, SIGKILL); });
  ASSERT_FALSE(holder.ok());
  EXPECT_EQ(holder.error().code, ErrorCode::Machine) << holder.error().message;
}

TEST_F(CrashTest, an_executor_that_does_not_answer_is_killed_by_a_cancel) {
  const auto outcome = disturbed([&](pid_t, pid_t executor, pid_t) {
    signal_one(executor, SIGSTOP);
    executor_->cancel();
  });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Interrupted) << outcome.error().message;
}

TEST_F(CrashTest, a_terminals_interrupt_does_not_reach_the_run) {
  in_another_strata("echo > /shared/ready; sleep 0.5; echo > /shared/finished", [&](pid_t pid) {
    // As a terminal does it: to the whole process group of strata.
    EXPECT_NE(::getpgid(pid), -1);
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") == std::string::npos) {
        const auto comm = read_file(entry.path().string() + "/comm");
        const pid_t executor = std::stoi(name);
        if (comm.ok() && *comm == "strata-executor\n" && ::getsid(executor) > 0) {
          EXPECT_NE(::getpgid(executor), ::getpgid(pid));
        }
      }
    }
  });
  EXPECT_TRUE(exists(path_ + "/shared/finished"));
}

TEST_F(CrashTest, descriptors_do_not_leak) {
  const std::string lease = path_ + "/lease";
  // Without O_CLOEXEC, as foreign code might open one.
  const Fd leak(::open(lease.c_str(), O_RDWR | O_CREAT, 0600));
  start();
  // Opened by the test program as fds 0, 1, 2 and by `ls` for the directory itself.
  const auto outcome = run(shell("ls /proc/self/fd"));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(output_, "0\n1\n2\n3\n");
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::error_code error;
    const fs::path fds = entry.path() / "fd";
    if (entry.path().filename() == std::to_string(::getpid()) ||
        entry.path().filename() == "self" || entry.path().filename() == "thread-self") {
      continue;
    }
    for (const auto& fd : fs::directory_iterator(fds, error)) {
      EXPECT_NE(fs::read_symlink(fd.path(), error).string(), lease) << fd.path();
    }
  }
}

TEST_F(CrashTest, terminal_of_its_own) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(master, 0);
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  const winsize size{.ws_row = 33, .ws_col = 77, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(master, TIOCSWINSZ, &size), 0);
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
    for (int fd = 0; fd < 3; ++fd) {
      ::dup2(slave, fd);
    }
    start();
    RunSpec spec = shell("test -t 0 && test -t 1 && test -t 2 && stty size; read line; exit $line");
    spec.terminal = RunSpec::Terminal::Inherit;
    const auto outcome = executor_->run(spec, Fd());
    ::_exit(outcome.ok() ? outcome->exit_code : 99);
  }
  std::string seen;
  ASSERT_TRUE(eventually([&] {
    pollfd ready{.fd = master, .events = POLLIN, .revents = 0};
    std::array<char, 256> buffer{};
    if (::poll(&ready, 1, 10) > 0) {
      const ssize_t got = ::read(master, buffer.data(), buffer.size());
      seen.append(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return seen.find("33 77") != std::string::npos;
  })) << seen;
  EXPECT_EQ(::write(master, "42\n", 3), 3);
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 42) << seen;
  ::close(master);
}

TEST_F(CrashTest, standard_streams_pass_through) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  ASSERT_EQ(::pipe(in.data()), 0);
  ASSERT_EQ(::pipe(out.data()), 0);
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    for (const int fd : {in[0], in[1], out[0], out[1]}) {
      ::close(fd);
    }
    start();
    RunSpec spec = shell("cat; exit 9");
    spec.terminal = RunSpec::Terminal::Stdio;
    const auto outcome = executor_->run(spec, Fd());
    ::_exit(outcome.ok() ? outcome->exit_code : 99);
  }
  ::close(in[0]);
  ::close(out[1]);
  EXPECT_EQ(::write(in[1], "through\n", 8), 8);
  ::close(in[1]);
  const Fd reader(out[0]);
  EXPECT_EQ(*read_all(reader, "pipe"), "through\n");
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 9);
}

// In a chroot into a plain directory pivot_root(2) fails; with nothing of /sys there, cgroups are
// missing too.
TEST_F(CrashTest, works_in_a_bare_chroot) {
  const std::string root = directory("chroot");
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Mounts for the programs only, private to this child.
    bool good = ::unshare(CLONE_NEWNS) == 0 &&
                ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    for (const char* name : {"/usr", "/lib", "/lib64", "/bin", "/sbin", "/tmp"}) {
      fs::create_directories(root + name);
      good = good && ::mount(name, (root + name).c_str(), nullptr, MS_BIND, nullptr) == 0;
    }
    for (const char* name : {"/proc", "/sys", "/dev"}) {
      fs::create_directories(root + name);
    }
    good = good && ::chroot(root.c_str()) == 0 && ::chdir("/") == 0;
    if (!good) {
      ::_exit(98);
    }
    start();
    const auto outcome = run(shell("echo inside; exit 5"));
    if (!outcome.ok()) {
      ::dprintf(STDERR_FILENO, "%s\n", outcome.error().message.c_str());
    }
    ::_exit(outcome.ok() && output_ == "inside\n" ? outcome->exit_code : 99);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 5);
}

}  // namespace
}  // namespace strata::backend
