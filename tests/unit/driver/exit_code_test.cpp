// Every kind of failure has the exit code that the README promises.
#include "driver/exit_code.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(exit_code_of(ErrorCode::Io), ExitCode::Machine);
  EXPECT_EQ(exit_code_of(ErrorCode::Corrupt), ExitCode::Machine);
  EXPECT_EQ(exit_code_of(ErrorCode::Interrupted), ExitCode::Interrupted);
  EXPECT_EQ(static_cast<int>(ExitCode::WorkPending), 10);
  EXPECT_EQ(static_cast<int>(ExitCode::Interrupted), 130);
}

}  // namespace
}  // namespace strata::driver
