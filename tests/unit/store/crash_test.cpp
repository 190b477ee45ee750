// Several processes at once, death at any instant, and a full disk.
#include <sys/mount.h>
#include <sys/wait.h>

#include <csignal>
#include <random>
#include <thread>

#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

using CrashTest = TemporaryStoreTest;

// The objects of round `i`: everything a step publishes, in the order of publishing.
std::string blob_text(int i) {
  return "blob " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 7) * 40000, 'b');
}
std::string record_text(int i) { return R"({"step":)" + std::to_string(i) + "}"; }

Result<void> publish_round(Store& store, int i) {
  STRATA_ASSIGN(const Digest blob, store.put_blob(blob_text(i)));
  const Tree tree = tree_of("file" + std::to_string(i), "text");
  STRATA_ASSIGN(const Digest digest, store.put_tree(tree));
  STRATA_TRY(store.put_layer(digest, "none", {blob, blob, blob_text(i).size()}));
  STRATA_ASSIGN(const std::string staged, store.new_scratch("root"));
  STRATA_TRY(write_file_durably(staged + "/file" + std::to_string(i), "text"));
  STRATA_TRY(store.put_root(digest, staged));
  STRATA_TRY(store.put_result(Digest::of(record_text(i)), record_text(i), {digest, {}, i}));
  ProcessStart start;
  start.trees = {digest};
  STRATA_TRY(store.put_failed(Digest::of(record_text(i)), start));
  Descriptor manifest;
  manifest.media_type = "test";
  manifest.digest = blob;
  manifest.size = blob_text(i).size();
  return store.set_ref("round" + std::to_string(i % 3), manifest);
}

// Whatever a result names must be there and right.
void expect_consistent(Store& store, int rounds) {
  int published = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto results = store.results(Digest::of(record_text(i)));
    ASSERT_TRUE(results.ok());
    for (const StepResult& result : *results) {
      ++published;
      const auto tree = store.tree(result.tree);
      ASSERT_TRUE(tree.ok() && *tree) << i;
      EXPECT_EQ((**tree)->entries.size(), 1U);
      const auto layer = store.layer(result.tree, "none");
      ASSERT_TRUE(layer.ok() && *layer) << i;
      EXPECT_EQ(**store.read_blob((*layer)->blob), blob_text(i));
      EXPECT_EQ(**store.step_record(Digest::of(record_text(i))), record_text(i));
      EXPECT_TRUE(store.root(result.tree)) << i;
    }
    EXPECT_LE(results->size(), 1U);
  }
  const auto damaged = store.fsck();
  ASSERT_TRUE(damaged.ok());
  EXPECT_TRUE(damaged->empty()) << damaged->front();
  EXPECT_TRUE(list_directory(store.path() + "/quarantine")->empty());
  ::testing::Test::RecordProperty("published", published);
}

TEST_F(CrashTest, ManyWritersOfTheSameObjects) {
  constexpr int kWriters = 6;
  constexpr int kRounds = 12;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = Store::open(home_);
      bool good = store.ok();
      for (int i = 0; good && i < kRounds; ++i) {
        good = publish_round(**store, (i + writer) % kRounds).ok();
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const auto store = open();
  expect_consistent(*store, kRounds);
  for (int i = 0; i < kRounds; ++i) {
    EXPECT_EQ(store->results(Digest::of(record_text(i)))->size(), 1U) << i;
  }
  EXPECT_EQ(store->refs()->size(), 3U);
  EXPECT_EQ(*list_directory(home_ + "/tmp"), std::vector<std::string>{store->build_id()});
}

TEST_F(CrashTest, KilledAtAnyInstantLeavesAReadableStore) {
  constexpr int kKills = 50;
  constexpr int kRounds = 40;
  std::mt19937 random(1);
  std::uniform_int_distribution<int> delay(0, 60'000);
  for (int kill = 0; kill < kKills; ++kill) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = Store::open(home_);
      for (int i = 0; store.ok(); i = (i + 1) % kRounds) {
        if (!publish_round(**store, i).ok()) {
          ::_exit(1);
        }
      }
      ::_exit(1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(delay(random)));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
    const auto store = open();
    ASSERT_NE(store, nullptr);
    ASSERT_EQ(*list_directory(home_ + "/tmp"), std::vector<std::string>{store->build_id()});
  }
  const auto store = open();
  expect_consistent(*store, kRounds);
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_TRUE(publish_round(*store, i).ok());
  }
  expect_consistent(*store, kRounds);
}

TEST_F(CrashTest, AFullDiskIsAClearErrorAndLeavesNothingBehind) {
  ASSERT_TRUE(make_directories(home_).ok());
  if (::mount("tmpfs", home_.c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "mount(2) is not permitted here";
  }
  {
    const auto store = open();
    ASSERT_NE(store, nullptr);
    ASSERT_TRUE(store->put_blob("small").ok());
    const std::string large(std::size_t{8} << 20, 'l');
    const auto full = store->put_blob(large);
    ASSERT_FALSE(full.ok());
    EXPECT_EQ(full.error().code, ErrorCode::NoSpace);
    EXPECT_NE(full.error().message.find("no space left"), std::string::npos);
    EXPECT_FALSE(store->blob_size(Digest::of(large)));
    EXPECT_EQ(list_directory(home_ + "/tmp/" + store->build_id())->size(), 1U);
    // The space is free again.
    EXPECT_TRUE(store->put_blob(std::string(std::size_t{1} << 20, 'm')).ok());
    EXPECT_EQ(**store->read_blob(Digest::of("small")), "small");
    // Records fail as cleanly as blobs.
    const std::string filler = home_ + "/tmp/download-filler";
    write(filler, std::string(std::size_t{4} << 20, 'f'));
    const auto ref = store->set_ref("name", {"m", Digest::of("small"), 5, {}, ""});
    EXPECT_FALSE(ref.ok());
    EXPECT_FALSE((*store->ref("name")).has_value());
    ::unlink(filler.c_str());
    EXPECT_TRUE(store->set_ref("name", {"m", Digest::of("small"), 5, {}, ""}).ok());
    EXPECT_TRUE(store->fsck()->empty());
  }
  ASSERT_EQ(::umount(home_.c_str()), 0);
}

}  // namespace
}  // namespace strata::backend
