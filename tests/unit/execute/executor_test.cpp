// Runs of real containers: what the process sees, what it leaves, how it ends.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "backend/system/files.h"
#include "execute_fixture.h"

namespace strata::backend {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

TEST_F(ExecuteTest, true_leaves_an_empty_upper) {
  start();
  const RunSpec spec = shell("true");
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << output_;
  EXPECT_EQ(outcome->signal, 0);
  EXPECT_EQ(upper(spec), Lines());
  EXPECT_TRUE(mounts_with(spec.scratch).empty());
  EXPECT_TRUE(cgroups().empty());
  EXPECT_FALSE(exists(spec.scratch + "/bundle"));
}

TEST_F(ExecuteTest, root_keeps_the_times_and_mode_of_its_lower) {
  start();
  const std::string top = directory("top");
  ASSERT_EQ(::chmod(top.c_str(), 0750), 0);
  // Older than the epoch: a later time is the clock's, and clamped.
  const timespec old = {.tv_sec = 1000, .tv_nsec = 5};
  const std::array<timespec, 2> times = {old, old};
  ASSERT_EQ(::utimensat(AT_FDCWD, top.c_str(), times.data(), 0), 0);
  struct stat before {};
  ASSERT_EQ(::stat(top.c_str(), &before), 0);
  RunSpec spec = shell("stat -c '%a %u' /");
  spec.lowers.push_back(top);
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "750 0\n");
  struct stat after {};
  ASSERT_EQ(::stat((spec.scratch + "/upper").c_str(), &after), 0);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
  EXPECT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

TEST_F(ExecuteTest, root_of_a_lower_that_was_unpacked_just_now_has_the_epoch) {
  start();
  RunSpec spec = shell("stat -c %Y /");
  spec.epoch = 1000000000;
  spec.lowers.push_back(directory("top"));
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "1000000000\n");
}

TEST_F(ExecuteTest, upper_holds_what_the_process_changed) {
  start();
  const std::string lower = directory("lower");
  write(lower + "/data/old", "old");
  write(lower + "/data/gone", "gone");
  RunSpec spec = shell("echo new > /data/new; rm /data/gone; mkdir /made");
  spec.lowers.push_back(lower);
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0) << output_;
  EXPECT_EQ(upper(spec), (Lines{"c data/gone", "d data", "d made", "f data/new"}));
}

TEST_F(ExecuteTest, sandbox_is_as_documented) {
  start();
  RunSpec spec = shell(
      "cat /proc/sys/kernel/hostname; umask; echo $SOURCE_DATE_EPOCH $HOME; id -u; id -g; id -G;"
      "while read name value; do case $name in Cap*|Seccomp:|NoNewPrivs:) echo $name $value;; esac;"
      "done < /proc/self/status; echo x > /proc/sys/kernel/hostname || echo read-only;"
      "unshare -m true || echo no-unshare; echo $$");
  spec.home = "/home/me";
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_NE(output_.find("buildkitsandbox\n0022\n1700000000 /home/me\n0\n0\n0\n"),
            std::string::npos)
      << output_;
  EXPECT_NE(output_.find("CapInh: 0000000000000000\n"), std::string::npos) << output_;
  // The fourteen of Docker's default set.
  EXPECT_NE(output_.find("CapEff: 00000000a80425fb\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find("CapBnd: 00000000a80425fb\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find("NoNewPrivs: 0\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find("Seccomp: 2\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find("read-only\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find("no-unshare\n1\n"), std::string::npos) << output_;
}

// What the caller's shell limits would make results that depend on it.
TEST_F(ExecuteTest, limits_and_execution_domain_of_the_caller_do_not_reach_a_run) {
  const std::string script = "cat /proc/self/limits /proc/self/personality";
  for (const char* runtime : {"runc", "crun"}) {
    start(runtime);
    ASSERT_TRUE(run(shell(script)).ok()) << runtime;
    const std::string usual = output_;
    executor_.reset();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    // The soft limit alone: not every root may raise the hard one again.
    const rlimit few{.rlim_cur = 500, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    ASSERT_NE(::personality(static_cast<unsigned long>(PER_LINUX32) | ADDR_NO_RANDOMIZE), -1);
    start(runtime);
    const auto outcome = run(shell(script));
    ::personality(PER_LINUX);
    ::setrlimit(RLIMIT_NOFILE, &before);
    executor_.reset();
    ASSERT_TRUE(outcome.ok()) << runtime << ": " << outcome.error().message;
    EXPECT_EQ(output_, usual) << runtime;
    for (const char* line : {"Max open files            1024 ",
                             "Max stack size            8388608              unlimited ",
                             "Max processes             16384                16384 "}) {
      EXPECT_NE(usual.find(line), std::string::npos) << usual;
    }
    EXPECT_NE(usual.find("00000000\n"), std::string::npos) << usual;
  }
}

TEST_F(ExecuteTest, cgroups_are_read_only_and_limit_the_processes) {
  for (const char* runtime : {"runc", "crun"}) {
    start(runtime);
    ASSERT_TRUE(run(shell("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do"
                          " test -d $d && mkdir $d/made 2>/dev/null && echo made in $d; done;"
                          "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null"))
                    .ok());
    EXPECT_EQ(output_, "16384\n") << runtime;
    executor_.reset();
  }
}

TEST_F(ExecuteTest, a_host_name_of_its_own) {
  start();
  RunSpec spec = shell("cat /proc/sys/kernel/hostname");
  spec.hostname = "my-builder";
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "my-builder\n");
}

TEST_F(ExecuteTest, own_environment_wins_over_the_profile) {
  start();
  RunSpec spec = shell("echo $HOME $SOURCE_DATE_EPOCH \"$ODD\"");
  spec.env.emplace_back("HOME", "/h");
  spec.env.emplace_back("SOURCE_DATE_EPOCH", "5");
  spec.env.emplace_back("ODD", "a=b \"c\" $d\n\t€");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "/h 5 a=b \"c\" $d\n\t€\n");
}

TEST_F(ExecuteTest, user_and_groups) {
  start();
  RunSpec spec = shell("id -u; id -g; id -G");
  spec.uid = 1234;
  spec.gid = 77;
  spec.groups = {5, 88};
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "1234\n77\n77 5 88\n");
}

TEST_F(ExecuteTest, exit_codes_and_signals) {
  start();
  const auto code = run(shell("exit 37"));
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(code->exit_code, 37);
  EXPECT_EQ(code->signal, 0);
  // An exit code of 137 is not a signal.
  const auto high = run(shell("exit 137"));
  ASSERT_TRUE(high.ok());
  EXPECT_EQ(high->exit_code, 137);
  EXPECT_EQ(high->signal, 0);
  // PID 1 of a container cannot kill itself by a signal; with a handler unset it can by an
  // abort-like signal only from outside, so a child does it and the shell reports it.
  const auto child = run(shell("sh -c 'kill -9 $$'; exit $?"));
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->exit_code, 137);
}

TEST_F(ExecuteTest, program_that_is_not_there) {
  start();
  RunSpec spec = shell("");
  spec.args = {"nosuch"};
  const auto missing = run(spec);
  ASSERT_TRUE(missing.ok()) << missing.error().message;
  EXPECT_EQ(missing->exit_code, 127);
  EXPECT_NE(output_.find("nosuch"), std::string::npos);
  EXPECT_EQ(upper(spec), Lines());
  RunSpec directory = shell("");
  directory.args = {"/usr"};
  const auto not_a_program = run(directory);
  ASSERT_TRUE(not_a_program.ok()) << not_a_program.error().message;
  EXPECT_EQ(not_a_program->exit_code, 126);
}

TEST_F(ExecuteTest, empty_root) {
  start();
  RunSpec spec = shell("");
  spec.lowers.clear();
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 127);
  EXPECT_EQ(upper(spec), Lines());
}

TEST_F(ExecuteTest, many_lowers_and_repeated_ones) {
  start();
  RunSpec spec = shell("for i in 0 64 149; do cat /n/$i; done; cat /who");
  for (int i = 0; i < 150; ++i) {
    const std::string lower = directory(fmt::format("layers,with:odd\\names/{}", i));
    write(lower + fmt::format("/n/{}", i), fmt::format("{}\n", i));
    write(lower + "/who", fmt::format("layer {}\n", i));
    spec.lowers.push_back(lower);
  }
  // The same tree once more on top, as when a step repeats another.
  spec.lowers.push_back(spec.lowers[3]);
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(output_, "0\n64\n149\nlayer 2\n");
}

TEST_F(ExecuteTest, background_processes_end_with_the_step) {
  start();
  const auto begin = std::chrono::steady_clock::now();
  RunSpec spec = shell("sleep 1000 > /dev/null 2>&1 & echo done");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(ExecuteTest, runs_side_by_side) {
  start();
  std::vector<RunSpec> specs;
  specs.reserve(4);
  for (int i = 0; i < 4; ++i) {
    specs.push_back(shell(fmt::format("sleep 0.3; echo {} > /number; exit {}", i, i)));
  }
  std::vector<int> codes(specs.size(), -1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    threads.emplace_back([&, i] {
      const Fd none(::dup(STDERR_FILENO));
      const auto outcome = executor_->run(specs[i], none);
      codes[i] = outcome.ok() ? outcome->exit_code : -2;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(codes, (std::vector<int>{0, 1, 2, 3}));
  for (std::size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(*read_file(specs[i].scratch + "/upper/number"), fmt::format("{}\n", i));
  }
}

TEST_F(ExecuteTest, cancel_interrupts_what_runs_and_what_comes) {
  start();
  const auto outcome = run_cancelled_after(std::chrono::milliseconds(700));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Interrupted);
  const auto later = run(shell("true"));
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().code, ErrorCode::Interrupted);
}

TEST_F(ExecuteTest, cancel_while_the_container_starts) {
  start();
  ASSERT_TRUE(run(shell("true")).ok());
  const auto outcome = run_cancelled_after(std::chrono::milliseconds(8));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Interrupted);
}

TEST_F(ExecuteTest, network_none_has_a_loopback_that_is_up) {
  start();
  RunSpec spec =
      shell("cat /proc/net/dev; cat /sys/class/net/lo/operstate /sys/class/net/lo/flags");
  spec.network = "none";
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(output_.find("eth0"), std::string::npos) << output_;
  // IFF_UP | IFF_LOOPBACK
  EXPECT_NE(output_.find("0x9\n"), std::string::npos) << output_;
}

TEST_F(ExecuteTest, network_of_the_host) {
  start();
  RunSpec spec = shell("readlink /proc/self/ns/net");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, fs::read_symlink("/proc/self/ns/net").string() + "\n");
  spec = shell("readlink /proc/self/ns/net");
  spec.network = "host";
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, fs::read_symlink("/proc/self/ns/net").string() + "\n");
}

TEST_F(ExecuteTest, resolver_files_of_the_host_are_there_read_only) {
  start();
  ASSERT_TRUE(run(shell("cat /etc/hosts; echo x >> /etc/hosts || echo read-only")).ok());
  EXPECT_NE(output_.find(*read_file("/etc/hosts")), std::string::npos);
  EXPECT_NE(output_.find("read-only\n"), std::string::npos);
}

TEST_F(ExecuteTest, binds) {
  start();
  const std::string source = directory("source");
  write(source + "/file", "bound\n");
  RunSpec spec = shell(
      "cat /deep/mount/point/file /one; touch /deep/mount/point/x || echo ro; echo y > /rw/y");
  spec.binds = {{.source = source, .target = "/deep/mount/point"},
                {.source = source + "/file", .target = "/one"},
                {.source = directory("writable"),
                 .target = "/rw",
                 .access = RunSpec::Bind::Access::ReadWrite}};
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(output_.substr(0, 12), "bound\nbound\n") << output_;
  EXPECT_NE(output_.find("ro\n"), std::string::npos) << output_;
  EXPECT_EQ(upper(spec), Lines());
  EXPECT_TRUE(exists(path_ + "/writable/y"));
}

TEST_F(ExecuteTest, large_requests) {
  start();
  RunSpec spec = shell("echo ${#BIG}");
  spec.env.emplace_back("BIG", std::string(120'000, 'x'));
  for (int i = 0; i < 10; ++i) {
    spec.args.emplace_back(100'000, 'a');
  }
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(output_, "120000\n");
}

TEST_F(ExecuteTest, bytes_that_are_not_utf8_are_refused) {
  start();
  RunSpec spec = shell("true");
  spec.env.emplace_back("X", "\xff\xfe");
  const auto outcome = run(spec);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Input);
  EXPECT_TRUE(mounts_with(spec.scratch).empty());
  EXPECT_EQ(upper(spec), Lines());
}

TEST_F(ExecuteTest, working_directory) {
  start();
  RunSpec spec = shell("readlink /proc/self/cwd");
  spec.cwd = "/not/there";
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "/not/there\n");
  EXPECT_EQ(upper(spec), Lines());
  const std::string lower = directory("links");
  fs::create_directory(lower + "/real");
  fs::create_symlink("/real", lower + "/link");
  fs::create_symlink("/proc/self/fd/7", lower + "/evil");
  RunSpec linked = shell("readlink /proc/self/cwd");
  linked.lowers.push_back(lower);
  linked.cwd = "/link";
  ASSERT_TRUE(run(linked).ok());
  EXPECT_EQ(output_, "/real\n");
  for (const char* bad : {"/proc/self/fd/7", "/evil", "relative", "/evil/../.."}) {
    RunSpec spec_with_bad = shell("true");
    spec_with_bad.lowers.push_back(lower);
    spec_with_bad.cwd = bad;
    const auto refused = run(spec_with_bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::Input) << bad;
  }
}

TEST_F(ExecuteTest, working_directories_never_lead_to_descriptors) {
  const std::string lower = directory("links");
  fs::create_symlink("/dev/fd", lower + "/fds");
  fs::create_symlink("dev", lower + "/devices");
  fs::create_symlink("/dev/fd/3", lower + "/three");
  fs::create_directories(lower + "/dev/fd/3");
  const std::string bound = directory("bound");
  fs::create_symlink("/proc/self/fd", bound + "/escape");
  fs::create_directories(bound + "/plain");
  for (const char* runtime : {"runc", "crun"}) {
    start(runtime);
    for (const char* bad :
         {"/dev/fd", "/dev/fd/", "//dev/./fd/7", "/dev/fd/3", "/dev/stdin", "/dev/stdout",
          "/dev/stderr", "/dev/core", "/dev/ptmx", "/fds", "/three", "/devices/fd", "/devices/fd/3",
          "/proc", "//proc/self/fd", "/mounted/escape", "/mounted/escape/3"}) {
      RunSpec spec = shell("pwd");
      spec.lowers.push_back(lower);
      spec.binds = {{.source = bound, .target = "/mounted"}};
      spec.cwd = bad;
      const auto refused = run(spec);
      ASSERT_FALSE(refused.ok()) << bad << ": " << output_;
      EXPECT_EQ(refused.error().code, ErrorCode::Input) << bad << refused.error().message;
      EXPECT_EQ(upper(spec), Lines()) << bad;
    }
    for (const char* good : {"/dev", "/dev/shm", "/dev/shm/mine", "/sys/kernel", "/srv/..data",
                             "/...", "/mounted/plain", "/mounted"}) {
      RunSpec spec = shell("pwd");
      spec.binds = {{.source = bound, .target = "/mounted"}};
      spec.cwd = good;
      const auto outcome = run(spec);
      ASSERT_TRUE(outcome.ok()) << good << ": " << outcome.error().message;
      EXPECT_EQ(output_, std::string(good) + "\n");
      EXPECT_EQ(upper(spec), Lines()) << good;
    }
    executor_.reset();
  }
}

// Images of Windows have such variables, and a runtime starts no process with one.
TEST_F(ExecuteTest, variables_without_a_proper_name_are_left_out) {
  for (const char* runtime : {"runc", "crun"}) {
    start(runtime);
    RunSpec spec = shell("env");
    spec.env = {{"PATH", "/usr/bin:/bin"}, {"=C:", "C:\\"}, {"", "nothing"}, {"A", "1"}};
    const auto outcome = run(spec);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_NE(output_.find("A=1\n"), std::string::npos) << output_;
    EXPECT_EQ(output_.find("C:"), std::string::npos) << output_;
    executor_.reset();
  }
}

TEST_F(ExecuteTest, lower_that_is_not_there) {
  start();
  RunSpec spec = shell("true");
  spec.lowers.emplace_back("/no/such/lower");
  const auto outcome = run(spec);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().message.find("/no/such/lower"), std::string::npos);
}

}  // namespace
}  // namespace strata::backend
