// Opening: formats, owners, leases, locks.
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "backend/system/interrupt.h"
#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

class OpenTest : public TemporaryStoreTest {
 protected:
  static Error refusal(const std::string& path) {
    const auto store = Store::open(path);
    EXPECT_FALSE(store.ok()) << path;
    return store ? Error{} : store.error();
  }
  static unsigned mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
};

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
  write(directory_ + "/file", "");
  EXPECT_EQ(refusal(directory_ + "/file").code, ErrorCode::Machine);
  ASSERT_TRUE(make_directories(directory_ + "/foreign").ok());
  write(directory_ + "/foreign/thesis.tex", "");
  EXPECT_EQ(refusal(directory_ + "/foreign").code, ErrorCode::Machine);
  EXPECT_EQ(list_directory(directory_ + "/foreign")->size(), 1U);
  { const auto store = open(); }
  write(home_ + "/format", "strata store format 2\n");
  EXPECT_EQ(refusal(home_).code, ErrorCode::Machine);
}

// A directory whose names are those of a store's, but without the file that says so.
TEST_F(OpenTest, ADirectoryWithoutAFormatIsLeftAsItIs) {
  const std::string precious = home_ + "/tmp/precious/file";
  ASSERT_TRUE(make_directories(home_ + "/tmp/precious").ok());
  write(precious, "text");
  ASSERT_EQ(::chmod(home_.c_str(), 0750), 0);
  EXPECT_EQ(refusal(home_).code, ErrorCode::Machine);
  EXPECT_EQ(read(precious), "text");
  EXPECT_EQ(*list_directory(home_), std::vector<std::string>{"tmp"});
  EXPECT_EQ(mode_of(home_), 0750U);
}

TEST_F(OpenTest, AnImageLayoutOfTheUsersIsNoStore) {
  const std::string blob = home_ + "/blobs/sha256/" + Digest::of("blob").hex();
  ASSERT_TRUE(make_directories(home_ + "/blobs/sha256").ok());
  write(blob, "blob");
  write(home_ + "/oci-layout", "{}");
  write(home_ + "/index.json", "{}");
  EXPECT_EQ(refusal(home_).code, ErrorCode::Machine);
  EXPECT_EQ(read(blob), "blob");
  EXPECT_EQ(list_directory(home_)->size(), 3U);
}

TEST_F(OpenTest, ALinkInPlaceOfADirectoryIsRefusedAndNotFollowed) {
  const std::string target = directory_ + "/target";
  ASSERT_TRUE(make_directories(target + "/precious").ok());
  write(target + "/" + Digest::of("x").hex(), "x");
  for (const char* name :
       {"blobs", "blobs/sha256", "steps", "failed", "trees", "chains", "layers", "roots", "refs",
        "keys", "resolved", "locks", "tmp", "quarantine", "verified"}) {
    { const auto store = open(); }
    const std::string path = home_ + "/" + name;
    ASSERT_TRUE(remove_tree(path).ok());
    ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0);
    EXPECT_NE(refusal(home_).message.find(name), std::string::npos);
    EXPECT_EQ(list_directory(target)->size(), 2U) << name;
    ASSERT_TRUE(remove_tree(home_).ok());
  }
}

TEST_F(OpenTest, WhatOthersCanWriteToIsRefused) {
  { const auto store = open(); }
  for (const char* name : {"", "/tmp", "/roots", "/refs"}) {
    const std::string path = home_ + name;
    ASSERT_EQ(::chmod(path.c_str(), 0720), 0);
    EXPECT_NE(refusal(home_).message.find("others"), std::string::npos) << name;
    EXPECT_EQ(mode_of(path), 0720U) << name;
    ASSERT_EQ(::chmod(path.c_str(), 0700), 0);
  }
  EXPECT_NE(open(), nullptr);
}

TEST_F(OpenTest, TheTopIsClosedToOthers) {
  { const auto store = open(); }
  EXPECT_EQ(mode_of(home_), 0700U);
  // As older versions made it.
  ASSERT_EQ(::chmod(home_.c_str(), 0755), 0);
  EXPECT_NE(open(), nullptr);
  EXPECT_EQ(mode_of(home_), 0700U);
  // An empty directory was given to be one.
  const std::string empty = directory_ + "/empty";
  ASSERT_TRUE(make_directories(empty).ok());
  ASSERT_EQ(::chmod(empty.c_str(), 01777), 0);
  EXPECT_NE(open("empty"), nullptr);
  EXPECT_EQ(mode_of(empty), 0700U);
}

TEST_F(OpenTest, ALinkToTheStoreIsFollowedForTheUserGaveIt) {
  { const auto store = open(); }
  ASSERT_EQ(::symlink("home", (directory_ + "/link").c_str()), 0);
  const auto store = open("link/");
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->path(), home_);
}

TEST_F(OpenTest, ADeathBeforeTheFormatStoodIsNoObstacle) {
  ASSERT_TRUE(make_directories(home_).ok());
  write(home_ + "/.strata-123-0", "strata sto");
  EXPECT_NE(open(), nullptr);
  ASSERT_TRUE(make_directories(directory_ + "/other").ok());
  write(directory_ + "/other/.strata-notes", "mine");
  EXPECT_EQ(refusal(directory_ + "/other").code, ErrorCode::Machine);
}

TEST_F(OpenTest, ADamagedFormatIsMadeAgainAndALostOneIsNamed) {
  { const auto store = open(); }
  for (const char* damaged : {"", "strata store format", "strata stpre format 1\n"}) {
    write(home_ + "/format", damaged);
    EXPECT_NE(open(), nullptr) << damaged;
    EXPECT_EQ(read(home_ + "/format"), "strata store format 1\n");
  }
  ASSERT_EQ(::unlink((home_ + "/format").c_str()), 0);
  EXPECT_NE(refusal(home_).message.find("echo strata store format 1 >" + home_ + "/format"),
            std::string::npos);
  // Something else with a file of this name.
  ASSERT_TRUE(make_directories(directory_ + "/other").ok());
  write(directory_ + "/other/format", "A4\n");
  EXPECT_EQ(refusal(directory_ + "/other").code, ErrorCode::Machine);
  EXPECT_EQ(read(directory_ + "/other/format"), "A4\n");
}

// Each of them would hang whoever opens it for reading, or lead elsewhere.
TEST_F(OpenTest, FilesThatAreNoFilesAreReplacedOrNamed) {
  const std::string mine = directory_ + "/mine";
  write(mine, "text");
  for (const char* name : {"oci-layout", "index.json", "locks/gc", "locks/tmp"}) {
    const std::string path = home_ + "/" + name;
    const std::vector<std::function<int()>> others{
        [&] { return ::mkfifo(path.c_str(), 0600); },
        [&] { return ::symlink(mine.c_str(), path.c_str()); },
        [&] { return ::link(mine.c_str(), path.c_str()); },
        [&] { return ::mkdir(path.c_str(), 0700); },
    };
    for (const auto& make : others) {
      { const auto store = open(); }
      ASSERT_TRUE(remove_tree(path).ok());
      ASSERT_EQ(make(), 0);
      EXPECT_NE(open(), nullptr) << name;
      EXPECT_EQ(read(mine), "text") << name;
      EXPECT_TRUE(open_regular_file(path).ok()) << name;
    }
  }
  ASSERT_TRUE(remove_tree(home_ + "/format").ok());
  ASSERT_EQ(::mkfifo((home_ + "/format").c_str(), 0600), 0);
  EXPECT_NE(refusal(home_).message.find("not a regular file"), std::string::npos);
}

TEST_F(OpenTest, OnlyDirectoriesWithABuildsNameGoFromTmp) {
  { const auto store = open(); }
  const std::string dead = home_ + "/tmp/4000000-0123456789abcdef";
  ASSERT_TRUE(make_directories(dead + "/run-1").ok());
  ASSERT_TRUE(make_directories(home_ + "/tmp/precious").ok());
  ASSERT_TRUE(make_directories(home_ + "/tmp/12-0123456789ABCDEF").ok());
  ASSERT_TRUE(make_directories(directory_ + "/mine/x").ok());
  ASSERT_EQ(::symlink((directory_ + "/mine").c_str(), (home_ + "/tmp/1-0123456789abcdef").c_str()),
            0);
  const auto store = open();
  EXPECT_FALSE(exists(dead));
  EXPECT_EQ(list_directory(home_ + "/tmp")->size(), 4U);
  EXPECT_TRUE(exists(directory_ + "/mine/x"));
  EXPECT_FALSE(store->is_running("4000000-0123456789abcdef"));
  EXPECT_FALSE(store->is_running("4000001-0123456789abcdef"));
  EXPECT_TRUE(store->is_running(store->build_id()));
  EXPECT_TRUE(open()->is_running(store->build_id()));
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

TEST_F(OpenTest, ALockThatIsRemovedUnderItsWaitersStillExcludes) {
  const auto store = open();
  Fd held = *store->lock("step");
  std::atomic<bool> entered{false};
  std::thread waiter([&] {
    const auto lock = store->lock("step");
    EXPECT_TRUE(lock.ok());
    entered = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::vector<std::string> names = *list_directory(home_ + "/locks");
  for (const std::string& name : names) {
    ::unlink((home_ + "/locks/" + name).c_str());
  }
  // The one who comes now makes the file again; who waits for the old one must wait for this.
  Fd next = *store->lock("step");
  held.reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_FALSE(entered);
  next.reset();
  waiter.join();
}

// The flag stays for good, so another process asks.
TEST_F(OpenTest, WaitingForALockEndsWhenTheUserWantsAnEnd) {
  const auto store = open();
  const Fd held = *store->lock("step");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto other = open();
    std::thread user([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      request_interrupt();
    });
    const auto lock = other->lock("step");
    user.join();
    // Whoever cleans up still gets what is free.
    const bool good =
        !lock && lock.error().code == ErrorCode::Interrupted && other->lock("free").ok();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
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
