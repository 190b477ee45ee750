// Which runtime runs, and what is said when none does.
#include "backend/execute/runtime.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "backend/execute/cgroups.h"
#include "backend/execute/oci_spec.h"
#include "backend/execute/seccomp.h"
#include "execute_fixture.h"

namespace strata::backend {
namespace {

class RuntimeTest : public ExecuteTest {
 protected:
  void TearDown() override {
    ::unsetenv("STRATA_RUNTIME");
    ExecuteTest::TearDown();
  }
  // Runs something, cancels it once a process with the mark is there, and tells whether it was
  // interrupted and nothing is left.
  bool run_cancelled_when(const std::string& mark) {
    std::thread killer([&] {
      EXPECT_TRUE(eventually([&] { return !processes_with(mark).empty(); }));
      executor_->cancel();
    });
    const RunSpec spec = shell("true");
    const auto outcome = run(spec);
    killer.join();
    return !outcome && outcome.error().code == ErrorCode::Interrupted &&
           processes_with(mark).empty() && processes_with(spec.scratch).empty() &&
           cgroups().empty();
  }
  std::string program(const std::string& name, const std::string& script) {
    std::string path = path_ + "/" + name;
    write(path, "#!/bin/sh\n" + script + "\n");
    ::chmod(path.c_str(), 0755);
    return path;
  }
};

TEST_F(RuntimeTest, each_runtime_runs) {
  for (const char* name : {"runc", "crun"}) {
    start(name);
    const RunSpec spec = shell("echo hi; exit 3");
    const auto outcome = run(spec);
    ASSERT_TRUE(outcome.ok()) << name << ": " << outcome.error().message;
    EXPECT_EQ(outcome->exit_code, 3) << name;
    EXPECT_EQ(output_, "hi\n") << name;
    EXPECT_TRUE(upper(spec).empty()) << name;
    RunSpec isolated = shell("cat /sys/class/net/lo/flags");
    isolated.network = "none";
    ASSERT_TRUE(run(isolated).ok());
    EXPECT_EQ(output_, "0x9\n") << name;
    RunSpec missing = shell("");
    missing.args = {"/no/such"};
    const auto none = run(missing);
    ASSERT_TRUE(none.ok()) << name << ": " << none.error().message;
    EXPECT_EQ(none->exit_code, 127) << name;
    executor_.reset();
    EXPECT_TRUE(cgroups().empty()) << name;
  }
}

TEST_F(RuntimeTest, the_variable_is_taken_when_no_option_is_given) {
  const std::string bad = program("bad", "echo broken >&2; exit 1");
  ::setenv("STRATA_RUNTIME", bad.c_str(), 1);
  EXPECT_EQ(candidate_runtimes("").front().path, bad);
  EXPECT_EQ(candidate_runtimes("runc").front().name, "runc");
  start();
  const auto outcome = run(shell("true"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Machine);
  EXPECT_NE(outcome.error().message.find(bad), std::string::npos) << outcome.error().message;
  EXPECT_NE(outcome.error().message.find("broken"), std::string::npos) << outcome.error().message;
  EXPECT_NE(outcome.error().message.find("strata doctor"), std::string::npos);
}

TEST_F(RuntimeTest, no_runtime_on_the_machine) {
  start("/no/such/runtime");
  const RunSpec spec = shell("true");
  const auto outcome = run(spec);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Machine);
  EXPECT_NE(outcome.error().message.find("`/no/such/runtime`: not found"), std::string::npos)
      << outcome.error().message;
  // The second run says the same, and nothing was mounted.
  EXPECT_FALSE(run(spec).ok());
  EXPECT_FALSE(mounts_with(spec.scratch).size() > 0);
}

TEST_F(RuntimeTest, an_executor_that_never_ran_needs_no_runtime) { start("/no/such/runtime"); }

TEST_F(RuntimeTest, a_runtime_that_breaks_after_the_self_test) {
  const std::string marker = path_ + "/broken";
  const std::string flaky = program(
      "flaky", "test -e " + marker + " && { echo suddenly >&2; exit 1; }; exec runc \"$@\"");
  start(flaky);
  ASSERT_TRUE(run(shell("true")).ok());
  write(marker, "");
  const RunSpec spec = shell("true");
  const auto outcome = run(spec);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Machine);
  EXPECT_TRUE(upper(spec).empty());
}

// Otherwise the process runs on, holds the output open, and nobody waits for it.
TEST_F(RuntimeTest, a_runtime_that_is_killed_after_it_started_the_process_takes_it_along) {
  for (const char* name : {"runc", "crun"}) {
    // The name says how it is treated.
    start(program(std::string("killed/") + name, std::string("case \"$*\" in *--detach*) ") + name +
                                                     " \"$@\"; kill -9 $$;; esac; exec " + name +
                                                     " \"$@\""));
    const std::string mark = fmt::format("96{}.24687", ::getpid());
    const auto outcome = run(shell("sleep " + mark));
    ASSERT_FALSE(outcome.ok()) << name;
    EXPECT_EQ(outcome.error().code, ErrorCode::Machine);
    EXPECT_NE(outcome.error().message.find("killed by signal 9"), std::string::npos)
        << outcome.error().message;
    EXPECT_TRUE(processes_with(mark).empty()) << testing::PrintToString(processes_with(mark));
    EXPECT_TRUE(cgroups().empty()) << testing::PrintToString(cgroups());
    executor_.reset();
  }
}

TEST_F(RuntimeTest, a_runtime_that_hangs_is_cancelled_with_all_that_it_started) {
  const std::string mark = fmt::format("95{}.24687", ::getpid());
  const std::string hangs = "setsid sleep " + mark + " & trap '' TERM INT; sleep " + mark;
  // In a run, and in the self-test.
  start(program("hangs", "case \"$*\" in *--detach*) " + hangs + ";; esac; exec runc \"$@\""));
  ASSERT_TRUE(run_cancelled_when(mark));
  executor_.reset();
  start(program("always", hangs));
  ASSERT_TRUE(run_cancelled_when(mark));
}

TEST(RuntimeChoice, shell_codes) {
  EXPECT_EQ(shell_code_of("runc run failed: unable to start container process: exec: \"x\": "
                          "executable file not found in $PATH"),
            127);
  EXPECT_EQ(shell_code_of("exec: \"/x\": stat /x: no such file or directory"), 127);
  EXPECT_EQ(shell_code_of("exec: \"/lib\": permission denied"), 126);
  EXPECT_EQ(shell_code_of("executable file `x` not found in $PATH: No such file or directory"),
            127);
  EXPECT_EQ(shell_code_of("open executable: Operation not permitted"), 126);
  EXPECT_EQ(shell_code_of("error mounting \"proc\": permission denied"), 0);
  EXPECT_EQ(shell_code_of(""), 0);
}

TEST(Sandbox, container_names_suit_runtimes_and_cgroups) {
  EXPECT_EQ(container_name("ab12", 3), "strata-ab12-3");
  EXPECT_EQ(container_name("../a b", 1), "strata----a-b-1");
}

TEST(Sandbox, stale_cgroups_go_and_others_stay) {
  const std::string root =
      ::access("/sys/fs/cgroup/pids", W_OK) == 0 ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root: cgroups";
  }
  const std::string store = "/tmp/strata-stale-" + std::to_string(::getpid());
  ASSERT_EQ(::mkdir(store.c_str(), 0700), 0);
  const auto cgroup = [&](const std::string& build, unsigned number) {
    return root + "/" + container_name(runtime_state_id(store, build), number);
  };
  const std::string dead = cgroup("7-aa", 7);
  const std::string alive = cgroup("7-ab", 12);
  // Of another store.
  const std::string other = root + "/" + container_name(runtime_state_id("/", "7-aa"), 7);
  for (const std::string& path : {dead, dead + "/inside", alive, other}) {
    ASSERT_EQ(::mkdir(path.c_str(), 0755), 0) << path;
  }
  remove_stale_runtime_state(store, [](const std::string& id) { return id == "7-ab"; });
  EXPECT_NE(::access(dead.c_str(), F_OK), 0);
  EXPECT_EQ(::access(alive.c_str(), F_OK), 0);
  EXPECT_EQ(::access(other.c_str(), F_OK), 0);
  // What one call could not remove, the next one does.
  remove_stale_runtime_state(store, [](const std::string&) { return false; });
  EXPECT_NE(::access(alive.c_str(), F_OK), 0);
  EXPECT_EQ(::access(other.c_str(), F_OK), 0);
  ::rmdir(other.c_str());
  ::rmdir(store.c_str());
}

TEST(OciConfig, is_the_documented_profile) {
  RunSpec spec;
  spec.args = {"/bin/sh", "-c", "true"};
  spec.cwd = "/w";
  spec.uid = 7;
  spec.network = "none";
  BundleFacts facts;
  facts.root = "/r";
  facts.cgroups_path = "/c";
  facts.limits = *sandbox_limits();
  const auto text = make_oci_config(spec, facts);
  ASSERT_TRUE(text.ok());
  const auto json = nlohmann::json::parse(*text);
  EXPECT_EQ(json["process"]["noNewPrivileges"], false);
  EXPECT_FALSE(json["process"]["capabilities"].contains("inheritable"));
  EXPECT_FALSE(json["process"]["capabilities"].contains("ambient"));
  EXPECT_EQ(json["process"]["capabilities"]["bounding"].size(), 14U);
  EXPECT_EQ(json["process"]["user"]["umask"], 18);
  EXPECT_EQ(json["process"]["rlimits"].size(), 16U);
  EXPECT_EQ(json["hostname"], "buildkitsandbox");
  EXPECT_EQ(
      json["linux"]["namespaces"].dump(),
      R"([{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"network"}])");
  EXPECT_EQ(json["linux"]["resources"]["devices"].dump(), R"([{"access":"rwm","allow":false}])");
  facts.cgroups = BundleFacts::Cgroups::Version2;
  facts.processes = BundleFacts::Processes::Limited;
  spec.network = "";
  spec.hostname = "builder";
  const auto second = nlohmann::json::parse(*make_oci_config(spec, facts));
  EXPECT_EQ(second["linux"]["namespaces"].dump(),
            R"([{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"}])");
  EXPECT_EQ(second["linux"]["resources"]["pids"]["limit"], 16384);
  EXPECT_EQ(second["hostname"], "builder");
}

TEST(Limits, do_not_depend_on_the_callers_but_where_it_may_not_raise_them) {
  const std::vector<Limit> usual = *sandbox_limits();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 500, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const std::vector<Limit> again = *sandbox_limits();
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_EQ(again.size(), usual.size());
  for (std::size_t i = 0; i < usual.size(); ++i) {
    EXPECT_EQ(again[i].soft, usual[i].soft) << usual[i].type;
    EXPECT_EQ(again[i].hard, usual[i].hard) << usual[i].type;
  }
  const auto files = std::find_if(usual.begin(), usual.end(), [](const Limit& limit) {
    return std::string(limit.type) == "RLIMIT_NOFILE";
  });
  ASSERT_NE(files, usual.end());
  EXPECT_EQ(files->soft, 1024U);
}

TEST(Seccomp, allow_list_is_sorted_and_keeps_the_dangerous_out) {
  const auto json = nlohmann::json::parse(seccomp_profile_json());
  EXPECT_EQ(json["defaultAction"], "SCMP_ACT_ERRNO");
  EXPECT_EQ(json["defaultErrnoRet"], 1);
  std::vector<std::string> names = json["syscalls"][0]["names"];
  EXPECT_GT(names.size(), 350U);
  const std::set<std::string> allowed(names.begin(), names.end());
  EXPECT_EQ(allowed.size(), names.size());
  for (const char* name : {"mount",
                           "umount2",
                           "unshare",
                           "setns",
                           "bpf",
                           "keyctl",
                           "add_key",
                           "kexec_load",
                           "init_module",
                           "reboot",
                           "pivot_root",
                           "clone",
                           "clone3",
                           "open_by_handle_at",
                           "perf_event_open",
                           "io_uring_setup",
                           "userfaultfd",
                           "socket",
                           "personality",
                           "open_tree",
                           "fsopen",
                           "move_mount"}) {
    EXPECT_EQ(allowed.count(name), 0U) << name;
  }
  for (const char* name : {"openat", "execve", "chroot", "ptrace", "fchmodat2", "statx", "mknod"}) {
    EXPECT_EQ(allowed.count(name), 1U) << name;
  }
}

TEST(Doctor, checks_this_machine) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root: overlay mounts and namespaces";
  }
  const std::vector<Check> checks = run_doctor("/tmp/strata-doctor-test/not/yet/there", "", "");
  std::set<std::string> names;
  for (const Check& check : checks) {
    names.insert(check.name);
    EXPECT_FALSE(check.detail.empty()) << check.name;
    EXPECT_EQ(check.advice.empty(), check.status == Check::Status::Ok)
        << check.name << ": " << check.detail << ": " << check.advice;
    if (check.name == "overlay" || check.name == "runtime runc" || check.name == "runtime crun") {
      EXPECT_EQ(check.status, Check::Status::Ok) << check.name << ": " << check.detail;
    }
  }
  for (const char* name : {"user", "kernel", "cgroups", "overlay", "store", "space", "runtime runc",
                           "runtime crun", "certificates"}) {
    EXPECT_EQ(names.count(name), 1U) << name;
  }
  const std::vector<Check> without = run_doctor("/tmp", "", "/no/such/runtime");
  const auto failed = std::find_if(without.begin(), without.end(), [](const Check& check) {
    return check.name == "runtime /no/such/runtime";
  });
  ASSERT_NE(failed, without.end());
  EXPECT_EQ(failed->status, Check::Status::Failed);
  EXPECT_NE(failed->advice.find("runc"), std::string::npos);
}

}  // namespace
}  // namespace strata::backend
