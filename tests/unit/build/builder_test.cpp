// What a build does with its plan beside running steps.
#include "backend/build/builder.h"

#include "tests/unit/build/build_kit.h"
#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

// A RUN that cannot succeed: its root holds no program.
constexpr std::string_view kModule = R"(strata.ir 1
%0 = scratch platform="linux/amd64"
%1 = exec args=["/nothing"] cwd="/" root=%0
@0 = stage "a" config=%0 root=%1
target "a" platform="linux/amd64" stage=@0
)";

using BuilderTest = OpenStoreTest;

// As by another build that ran it meanwhile; it changed nothing, so there is neither root nor
// layer.
TEST_F(BuilderTest, ARunWithoutEffectIsTakenFromTheBuildThatPublishedItAfterThePlan) {
  auto executor = Executor::start({"", store_->build_id(), home_ + "/tmp/" + store_->build_id()});
  ASSERT_TRUE(executor.ok()) << executor.error().message;
  const ir::Module module = module_of_text(kModule);
  const auto records = ir::records(module);
  const EmissionProfile profile;
  const auto plan = make_plan({module, records, *store_, {profile.name()}});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->steps[1].status, StepStatus::Miss);
  ASSERT_TRUE(store_
                  ->put_result(records[1]->digest, ir::record_json(module, records, ir::OpId{1}),
                               {empty_tree_digest(), {records[0]->digest}, 1})
                  .ok());
  NoNetwork http;
  Registry registry(http, *store_, {});
  const Sources sources(*store_, registry, nullptr, {});
  RecordingObserver observer;
  const std::atomic<bool> cancelled{false};
  const auto outcome = build({.module = module,
                              .records = records,
                              .plan = &*plan,
                              .store = *store_,
                              .registry = registry,
                              .sources = sources,
                              .executor = executor->get(),
                              .profile = profile,
                              .proxies = {},
                              .observer = observer,
                              .cancelled = cancelled});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_TRUE(outcome->failures.empty()) << outcome->failures.front().error.message;
  EXPECT_EQ(outcome->images.size(), 1U);
}

}  // namespace
}  // namespace strata::backend
