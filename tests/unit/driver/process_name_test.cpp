// A name is one process's at a time.
#include "driver/process_name.h"

#include <unistd.h>

#include "tests/unit/store/temporary_store.h"

namespace strata::driver {
namespace {

using ProcessNameTest = backend::OpenStoreTest;

TEST_F(ProcessNameTest, TakenOnceAndFreeAgain) {
  {
    const auto first = take_name(*store_, "db");
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_TRUE(take_name(*store_, "db.2").ok());
    const auto second = take_name(*store_, "db");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::Input);
    EXPECT_EQ(second.error().message, "--name db: a process runs under that name; `kill " +
                                          std::to_string(::getpid()) + "` ends it");
  }
  EXPECT_TRUE(take_name(*store_, "db").ok());
}

TEST_F(ProcessNameTest, OnlyNamesOfDocker) {
  for (const char* name : {"", "a", "-a", ".a", "a/b", "a b", "\xc3\xa4\x62"}) {
    EXPECT_FALSE(take_name(*store_, name).ok()) << name;
  }
  EXPECT_TRUE(take_name(*store_, "A0_.-").ok());
}

}  // namespace
}  // namespace strata::driver
