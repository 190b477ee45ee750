// Every kind of failure has the exit code that the README promises.
#include "driver/exit_code.h"

#include <gtest/gtest.h>

#include <csignal>

namespace strata::driver {
namespace {

TEST(ExitCodes, OneForEachKindOfFailure) {
  EXPECT_EQ(exit_code_of(ErrorCode::Input), ExitCode::Input);
  EXPECT_EQ(exit_code_of(ErrorCode::Outside), ExitCode::Input);
  EXPECT_EQ(exit_code_of(ErrorCode::NotFound), ExitCode::Input);
  EXPECT_EQ(exit_code_of(ErrorCode::Lock), ExitCode::Lock);
  EXPECT_EQ(exit_code_of(ErrorCode::Step), ExitCode::StepFailed);
  EXPECT_EQ(exit_code_of(ErrorCode::Network), ExitCode::Network);
  EXPECT_EQ(exit_code_of(ErrorCode::Machine), ExitCode::Machine);
  EXPECT_EQ(exit_code_of(ErrorCode::NoSpace), ExitCode::Machine);
  EXPECT_EQ(exit_code_of(ErrorCode::Io), ExitCode::Machine);
  EXPECT_EQ(exit_code_of(ErrorCode::Corrupt), ExitCode::Machine);
  EXPECT_EQ(exit_code_of(ErrorCode::Interrupted), ExitCode::Interrupted);
  EXPECT_EQ(exit_code_of(ErrorCode::Output), ExitCode::InternalError);
  EXPECT_EQ(static_cast<int>(ExitCode::WorkPending), 10);
  EXPECT_EQ(static_cast<int>(ExitCode::Interrupted), 128 + SIGINT);
  EXPECT_EQ(static_cast<int>(ExitCode::Terminated), 128 + SIGTERM);
  EXPECT_EQ(static_cast<int>(ExitCode::HungUp), 128 + SIGHUP);
}

bool advises(ErrorCode code, std::string_view what) {
  return advice_for({code, "x: went wrong"}).find(what) != std::string_view::npos;
}

TEST(Advice, FitsTheKindOfFailure) {
  EXPECT_TRUE(advises(ErrorCode::NoSpace, "make room"));
  EXPECT_FALSE(advises(ErrorCode::NoSpace, "doctor"));
  EXPECT_TRUE(advises(ErrorCode::Corrupt, "--fsck"));
  EXPECT_FALSE(advises(ErrorCode::Corrupt, "lacks"));
  EXPECT_TRUE(advises(ErrorCode::Machine, "this machine lacks"));
  EXPECT_EQ(advice_for({ErrorCode::Machine, "see `strata doctor`"}), "");
  // A bad disk is no lack of the machine's, and what a layer or a file holds is none either.
  EXPECT_EQ(advice_for({ErrorCode::Io, "x: input/output error"}), "");
  EXPECT_EQ(advice_for({ErrorCode::Input, "x: is a pipe, not a file"}), "");
}

}  // namespace
}  // namespace strata::driver
