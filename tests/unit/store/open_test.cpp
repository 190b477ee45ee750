// Opening: formats, owners, leases, locks.
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

using OpenTest = TemporaryStoreTest;

TEST_F(OpenTest, ANewStoreIsAnImageLayout) {
  const auto store = open();
  EXPECT_EQ(read(home_ + "/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  EXPECT_NE(read(home_ + "/index.json").find(R"("manifests":[])"), std::string::npos);
  EXPECT_EQ(read(home_ + "/format"), "strata store format 1\n");
  struct stat status {};
  // Setuid files of images must be out of reach of other users.
  ASSERT_EQ(::stat((home_ + "/roots").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(OpenTest, RefusesWhatIsNoStoreOfOurs) {
  const auto refused = [&](const std::string& path) {
    const auto store = Store::open(path);
    EXPECT_FALSE(store.ok());
    return store ? ErrorCode::Io : store.error().code;
  };
  write(directory_ + "/file", "");
  EXPECT_EQ(refused(directory_ + "/file"), ErrorCode::Machine);
  ASSERT_TRUE(make_directories(directory_ + "/foreign").ok());
  write(directory_ + "/foreign/thesis.tex", "");
  EXPECT_EQ(refused(directory_ + "/foreign"), ErrorCode::Machine);
  EXPECT_EQ(list_directory(directory_ + "/foreign")->size(), 1U);
  { const auto store = open(); }
  write(home_ + "/format", "strata store format 2\n");
  EXPECT_EQ(refused(home_), ErrorCode::Machine);
  write(home_ + "/format", "");
  EXPECT_EQ(refused(home_), ErrorCode::Machine);
}

TEST_F(OpenTest, RefusesAnotherUsersStore) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a directory to another user";
  }
  { const auto store = open(); }
  ASSERT_EQ(::chown(home_.c_str(), 12345, 12345), 0);
  const auto store = Store::open(home_);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::Machine);
  EXPECT_NE(store.error().message.find("12345"), std::string::npos);
}

TEST_F(OpenTest, ScratchGoesWithTheStoreAndBuildIdsDiffer) {
  std::string id;
  {
    const auto store = open();
    id = store->build_id();
    const std::string scratch = *store->new_scratch("work/../x");
    write(scratch + "/file", "");
    EXPECT_NE(open()->build_id(), id);
    EXPECT_TRUE(exists(scratch + "/file"));
  }
  EXPECT_TRUE(list_directory(home_ + "/tmp")->empty());
}

TEST_F(OpenTest, RemovesWhatADeadProcessLeftAndNothingElse) {
  const auto alive = open();
  const std::string kept = *alive->new_scratch("kept");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open();
    const std::string scratch = *store->new_scratch("dead");
    write(scratch + "/file", "");
    (void)::raise(SIGKILL);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(list_directory(home_ + "/tmp")->size(), 2U);
  const auto store = open();
  EXPECT_EQ(*list_directory(home_ + "/tmp"),
            (alive->build_id() < store->build_id()
                 ? std::vector<std::string>{alive->build_id(), store->build_id()}
                 : std::vector<std::string>{store->build_id(), alive->build_id()}));
  EXPECT_TRUE(exists(kept));
}

TEST_F(OpenTest, LocksExcludeAndNameTheirHolder) {
  const auto store = open();
  int seen = 0;
  Fd held = *store->lock("step");
  std::thread waiter([&] {
    const auto other = open();
    const auto lock = other->lock("step", [&](int pid) { seen = pid; });
    EXPECT_TRUE(lock.ok());
  });
  const auto independent = store->lock("other", [](int) { ADD_FAILURE(); });
  EXPECT_TRUE(independent.ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  held.reset();
  waiter.join();
  EXPECT_EQ(seen, ::getpid());
}

TEST_F(OpenTest, DefaultPathFollowsTheEnvironment) {
  const auto path_with = [](const char* home, const char* cache) {
    home != nullptr ? ::setenv("STRATA_HOME", home, 1) : ::unsetenv("STRATA_HOME");
    cache != nullptr ? ::setenv("XDG_CACHE_HOME", cache, 1) : ::unsetenv("XDG_CACHE_HOME");
    return Store::default_path();
  };
  ::setenv("HOME", "/home/u", 1);
  EXPECT_EQ(path_with("/s", "/c"), "/s");
  EXPECT_EQ(path_with(nullptr, "/c"), "/c/strata");
  EXPECT_EQ(path_with("", "relative"), "/home/u/.cache/strata");
  EXPECT_EQ(path_with(nullptr, nullptr), "/home/u/.cache/strata");
}

}  // namespace
}  // namespace strata::backend
