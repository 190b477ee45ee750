// A failed step is found by its digest or the first of its digits.
#include "driver/run_start.h"
#include "tests/unit/store/temporary_store.h"

namespace strata::driver {
namespace {

class RunStepTest : public backend::OpenStoreTest {
 protected:
  Digest failed(const std::string& hex) {
    const Digest step = *Digest::parse("sha256:" + hex + std::string(64 - hex.size(), '0'));
    backend::ProcessStart start;
    start.args = {"own", hex};
    start.user = "ann";
    EXPECT_TRUE(store_->put_failed(step, start).ok());
    return step;
  }
  Error error_of(const std::string& prefix) {
    const auto found = find_failed_step(*store_, prefix);
    EXPECT_FALSE(found.ok());
    return found ? Error{} : found.error();
  }
};

TEST_F(RunStepTest, ByDigestAndByPrefix) {
  const Digest one = failed("abcd1");
  const Digest two = failed("abcd2");
  EXPECT_EQ(*find_failed_step(*store_, one.str()), one);
  EXPECT_EQ(*find_failed_step(*store_, two.hex()), two);
  EXPECT_EQ(*find_failed_step(*store_, two.short_hex()), two);
  EXPECT_EQ(*find_failed_step(*store_, "sha256:abcd1"), one);
}

TEST_F(RunStepTest, WhatIsNotOneStepIsAnError) {
  EXPECT_EQ(error_of("abcd").code, ErrorCode::NotFound);
  failed("abcd1");
  failed("abcd2");
  EXPECT_EQ(error_of("abcd").code, ErrorCode::Input);
  EXPECT_EQ(error_of("abcd").message, "step `abcd` is ambiguous: abcd10000000, abcd20000000");
  EXPECT_EQ(error_of("abc").code, ErrorCode::Input);
  EXPECT_EQ(error_of("sha256:").code, ErrorCode::Input);
  EXPECT_EQ(error_of("abcd3").code, ErrorCode::NotFound);
  EXPECT_EQ(error_of("ABCD1").code, ErrorCode::NotFound);
  EXPECT_EQ(error_of("../../etc").code, ErrorCode::NotFound);
}

TEST_F(RunStepTest, ItsOwnCommandUnlessOneIsGiven) {
  failed("abcd1");
  RunOptions options;
  options.step = "abcd1";
  const auto own = step_start(*store_, options);
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(own->process.args, (ir::Strings{"own", "abcd1"}));
  options.command = {"sh"};
  const auto other = step_start(*store_, options);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->process.args, ir::Strings{"sh"});
  EXPECT_EQ(other->process.user, "ann");
}

}  // namespace
}  // namespace strata::driver
