// A step is found by its digest or the first of its digits, and started where it is wanted.
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
    const auto found = find_step(*store_, prefix);
    EXPECT_FALSE(found.ok());
    return found ? Error{} : found.error();
  }
};

TEST_F(RunStepTest, ByDigestAndByPrefix) {
  const Digest one = failed("abcd1");
  const Digest two = failed("abcd2");
  EXPECT_EQ(*find_step(*store_, one.str()), one);
  EXPECT_EQ(*find_step(*store_, two.hex()), two);
  EXPECT_EQ(*find_step(*store_, two.short_hex()), two);
  EXPECT_EQ(*find_step(*store_, "sha256:abcd1"), one);
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

class StepWithAResult : public RunStepTest {
 protected:
  StepWithAResult() : step_(Digest::of(kRecord)) {}
  void SetUp() override {
    RunStepTest::SetUp();
    start_.trees = {Digest::of("below")};
    start_.args = {"make"};
    start_.env = {{"A", "1"}};
    EXPECT_TRUE(store_->put_start(step_, start_).ok());
    EXPECT_TRUE(store_->put_result(step_, kRecord, {Digest::of("made"), {}, 0}).ok());
    options_.step = step_.short_hex();
  }

  static constexpr const char* kRecord = "record";
  Digest step_;
  backend::ProcessStart start_;
  RunOptions options_;
};

TEST_F(StepWithAResult, AtItsStartAndAtItsEnd) {
  EXPECT_EQ(step_start(*store_, options_)->process, start_);
  options_.after = true;
  const auto after = step_start(*store_, options_);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->process.trees, (std::vector<Digest>{Digest::of("below"), Digest::of("made")}));
  EXPECT_EQ(after->process.args, ir::Strings{"/bin/sh"});
  EXPECT_EQ(after->process.env, start_.env);
}

TEST_F(StepWithAResult, AfterTheNewestResult) {
  EXPECT_TRUE(store_->put_result(step_, kRecord, {Digest::of("newer"), {}, 0}).ok());
  options_.after = true;
  EXPECT_EQ(step_start(*store_, options_)->process.trees.back(), Digest::of("newer"));
}

TEST_F(StepWithAResult, WhereItFailedComesFirst) {
  backend::ProcessStart failed = start_;
  failed.trees = {Digest::of("other")};
  EXPECT_TRUE(store_->put_failed(step_, failed).ok());
  EXPECT_EQ(step_start(*store_, options_)->process, failed);
  options_.after = true;
  EXPECT_EQ(step_start(*store_, options_)->process.trees.front(), Digest::of("below"));
}

TEST_F(StepWithAResult, WithoutAProcessItIsAShellInItsPlace) {
  backend::ProcessStart copy;
  copy.trees = start_.trees;
  EXPECT_TRUE(store_->put_start(step_, copy).ok());
  const auto start = step_start(*store_, options_);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->process.args, ir::Strings{"/bin/sh"});
  ASSERT_EQ(start->process.env.size(), 1U);
  EXPECT_EQ(start->process.env.front().first, "PATH");
}

TEST_F(RunStepTest, WhatIsNotKeptIsSaid) {
  RunOptions options;
  options.step = failed("abcd1").short_hex();
  options.after = true;
  EXPECT_NE(step_start(*store_, options).error().message.find("without --after"),
            std::string::npos);
  const Digest old = Digest::of("old");
  EXPECT_TRUE(store_->put_result(old, "old", {Digest::of("made"), {}, 0}).ok());
  options.step = old.short_hex();
  for (const bool after : {false, true}) {
    options.after = after;
    EXPECT_NE(step_start(*store_, options).error().message.find("--no-cache"), std::string::npos);
  }
}

}  // namespace
}  // namespace strata::driver
