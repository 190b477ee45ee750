// Unpacked roots: when they count, for whom, and what becomes of one that was changed.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <functional>
#include <thread>

#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

class RootsTest : public TemporaryStoreTest {
 protected:
  static std::string staged(Store& store, const std::string& name) {
    std::string path = *store.new_scratch("root");
    write(path + "/" + name, "text");
    return path;
  }
  // Puts a file's or directory's time back after a change, as who wants to hide it would.
  static void hide(const std::string& path, const struct stat& before) {
    const timespec times[2] = {before.st_atim, before.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), static_cast<const timespec*>(times), 0), 0);
  }
};

TEST_F(RootsTest, RootCountsOnlyWithItsMarker) {
  const auto store = open();
  const Digest tree = *store->put_tree(tree_of("a", "text"));
  const std::string staged = *store->new_scratch("root");
  write(staged + "/a", "text");
  const auto path = store->put_root(tree, staged);
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(store->root(tree), *path);
  EXPECT_EQ(read(*path + "/a"), "text");
  EXPECT_FALSE(exists(staged));
  ASSERT_EQ(::unlink((*path + ".ok").c_str()), 0);
  EXPECT_FALSE(store->root(tree));
  // What a crash left before the marker is replaced, not adopted.
  const std::string again = *store->new_scratch("root");
  write(again + "/a", "text");
  write(*path + "/half", "");
  ASSERT_EQ(*store->put_root(tree, again), *path);
  EXPECT_FALSE(exists(*path + "/half"));
  EXPECT_EQ(store->root(tree), *path);
}

TEST_F(RootsTest, TheFirstRootWins) {
  const auto store = open();
  const Digest tree = Digest::of("tree");
  const std::string first = *store->new_scratch("root");
  write(first + "/first", "");
  const std::string second = *store->new_scratch("root");
  write(second + "/second", "");
  const std::string path = *store->put_root(tree, first);
  EXPECT_EQ(*store->put_root(tree, second), path);
  EXPECT_TRUE(exists(path + "/first"));
  EXPECT_FALSE(exists(path + "/second"));
  EXPECT_FALSE(exists(second));
}

TEST_F(RootsTest, AStagedRootIsForItsStoreAloneUntilItIsCommitted) {
  const auto store = open();
  const auto other = open();
  const Digest tree = Digest::of("tree");
  Store::StagedRoot root = *store->stage_root(tree, staged(*store, "a"));
  const std::string path = *store->root(tree);
  EXPECT_EQ(*store->checked_root(tree), path);
  EXPECT_FALSE(other->root(tree));
  // The same tree once more, by another step of the build.
  const std::string twin = *store->new_scratch("root");
  Store::StagedRoot again = *store->stage_root(tree, twin);
  EXPECT_FALSE(exists(twin));
  // Another process with the same tree waits for the commit and then takes what is there.
  const std::string late = staged(*other, "b");
  std::thread waiting([&] { EXPECT_EQ(*other->put_root(tree, late), path); });
  ASSERT_TRUE(again.commit().ok());
  waiting.join();
  EXPECT_TRUE(exists(path + "/a"));
  EXPECT_EQ(other->root(tree), path);
  EXPECT_TRUE(root.commit().ok());
}

TEST_F(RootsTest, AStagedRootThatIsDroppedIsGoneAndHoldsNobodyUp) {
  const auto store = open();
  const auto other = open();
  const Digest tree = Digest::of("tree");
  {
    Store::StagedRoot root = *store->stage_root(tree, staged(*store, "half"));
    const Store::StagedRoot twin = *store->stage_root(tree, staged(*store, "twin"));
    root = Store::StagedRoot();
    EXPECT_TRUE(store->root(tree)) << "one of the two still wants it";
  }
  EXPECT_FALSE(store->root(tree));
  const std::string path = *other->put_root(tree, staged(*other, "a"));
  EXPECT_TRUE(exists(path + "/a"));
  EXPECT_FALSE(exists(path + "/half"));
}

TEST_F(RootsTest, AFailedCommitHoldsNobodyUp) {
  const auto store = open();
  const Digest tree = Digest::of("tree");
  {
    Store::StagedRoot root = *store->stage_root(tree, staged(*store, "a"));
    ASSERT_TRUE(remove_tree(*store->root(tree)).ok());
    EXPECT_FALSE(root.commit().ok());
  }
  EXPECT_FALSE(store->root(tree));
  EXPECT_TRUE(open()->put_root(tree, staged(*store, "a")).ok());
}

TEST_F(RootsTest, AStagedRootIsReadByNobodyElseAfterACrash) {
  const Digest tree = Digest::of("tree");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open();
    const auto root = store->stage_root(tree, staged(*store, "half"));
    (void)::raise(SIGKILL);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const auto store = open();
  EXPECT_TRUE(exists(home_ + "/roots/" + tree.hex()));
  EXPECT_FALSE(store->root(tree));
  const std::string path = *store->put_root(tree, staged(*store, "a"));
  EXPECT_TRUE(exists(path + "/a"));
  EXPECT_FALSE(exists(path + "/half"));
}

// Whatever is changed, and however well it is hidden: the change is found before a process runs on
// it, and the root is no longer there.
TEST_F(RootsTest, AChangedRootIsSetAside) {
  const std::vector<std::pair<const char*, std::function<void(const std::string&)>>> changes{
      {"content, with the old size and time",
       [](const std::string& root) {
         struct stat before {};
         ASSERT_EQ(::stat((root + "/d/a").c_str(), &before), 0);
         const Fd fd(::open((root + "/d/a").c_str(), O_WRONLY | O_CLOEXEC));
         ASSERT_EQ(::pwrite(fd.get(), "TEXT", 4, 0), 4);
         hide(root + "/d/a", before);
       }},
      {"mode",
       [](const std::string& root) { ASSERT_EQ(::chmod((root + "/d/a").c_str(), 04755), 0); }},
      {"a new name, with the old time of its directory",
       [](const std::string& root) {
         struct stat before {};
         ASSERT_EQ(::stat((root + "/d").c_str(), &before), 0);
         write(root + "/d/new", "");
         hide(root + "/d", before);
       }},
      {"a name less",
       [](const std::string& root) { ASSERT_TRUE(remove_tree(root + "/d/a").ok()); }},
      {"a file less", [](const std::string& root) { ASSERT_TRUE(remove_tree(root).ok()); }},
      {"the top", [](const std::string& root) { ASSERT_EQ(::chmod(root.c_str(), 0777), 0); }},
  };
  for (const auto& [what, change] : changes) {
    const Digest tree = Digest::of(what);
    std::string path;
    {
      const auto store = open();
      const std::string scratch = *store->new_scratch("root");
      ASSERT_TRUE(make_directories(scratch + "/d").ok());
      write(scratch + "/d/a", "text");
      path = *store->put_root(tree, scratch);
    }
    EXPECT_EQ(*open()->checked_root(tree), path);
    // A clock tick of the file system, which no change can hide in.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    change(path);
    const auto store = open();
    const auto found = store->checked_root(tree);
    ASSERT_TRUE(found.ok());
    EXPECT_FALSE(found->has_value()) << what;
    EXPECT_FALSE(store->root(tree)) << what;
    EXPECT_FALSE(exists(path)) << what;
    // And made again it counts.
    EXPECT_TRUE(store->put_root(tree, staged(*store, "a")).ok());
    EXPECT_TRUE((*open()->checked_root(tree)).has_value()) << what;
  }
}

TEST_F(RootsTest, ReadingARootChangesNothing) {
  const auto store = open();
  const Digest tree = Digest::of("tree");
  const std::string path = *store->put_root(tree, staged(*store, "a"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(read(path + "/a"), "text");
  EXPECT_EQ(*open()->checked_root(tree), path);
}

}  // namespace
}  // namespace strata::backend
