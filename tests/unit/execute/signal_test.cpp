// Signals from outside reach the process of a run.
#include <signal.h>

#include <string>
#include <thread>

#include "backend/system/files.h"
#include "execute_fixture.h"

namespace strata::backend {
namespace {

class SignalTest : public ExecuteTest {
 protected:
  // Runs `script`, which makes the file /shared/ready when it is ready for the signal.
  Result<RunOutcome> run_signalled(const std::string& script, int number) {
    const std::string shared = directory("shared");
    RunSpec spec = shell(script);
    spec.binds.push_back({shared, "/shared", RunSpec::Bind::Access::ReadWrite});
    std::thread sender([&] {
      EXPECT_TRUE(eventually([&] { return exists(shared + "/ready"); }));
      executor_->signal(number);
    });
    auto outcome = run(spec);
    sender.join();
    return outcome;
  }
};

TEST_F(SignalTest, a_handler_of_the_first_process_runs) {
  start();
  const auto outcome = run_signalled(
      "trap 'echo heard; exit 7' TERM; : > /shared/ready; while :; do sleep 0.05; done", SIGTERM);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 7);
  EXPECT_EQ(outcome->signal, 0);
  EXPECT_EQ(output_, "heard\n");
}

TEST_F(SignalTest, one_that_would_not_notice_is_ended_by_the_signal) {
  start();
  const auto outcome = run_signalled(": > /shared/ready; while :; do sleep 0.05; done", SIGTERM);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->signal, SIGTERM);
  EXPECT_EQ(outcome->exit_code, 143);
}

TEST_F(SignalTest, one_that_ignores_it_goes_on) {
  start();
  const auto outcome =
      run_signalled("trap '' TERM; : > /shared/ready; sleep 0.5; echo done", SIGTERM);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 0);
  EXPECT_EQ(output_, "done\n");
}

TEST_F(SignalTest, before_anything_runs_it_is_a_cancel) {
  start();
  executor_->signal(SIGTERM);
  const auto outcome = run(shell("true"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::Interrupted);
}

TEST_F(SignalTest, the_root_can_be_read_only_and_memory_be_mounted) {
  start();
  RunSpec spec =
      shell("echo x > /no; echo y > /memory/yes && cat /memory/yes; cat /proc/self/mountinfo");
  spec.read_only = true;
  spec.tmpfs.push_back({"/memory", {"rw", "size=1m"}});
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_NE(output_.find("ead-only file system"), std::string::npos) << output_;
  EXPECT_NE(output_.find("y\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find(" / /memory rw"), std::string::npos) << output_;
  EXPECT_EQ(upper(spec), std::vector<std::string>());
}

}  // namespace
}  // namespace strata::backend
