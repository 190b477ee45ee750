// Garbage collection and fsck.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>

#include <atomic>
#include <ctime>
#include <thread>

#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

class GcTest : public OpenStoreTest {
 protected:
  // A manifest with one layer; the descriptor.
  Descriptor image(const std::string& name) {
    const Digest config = *store_->put_blob("config " + name);
    const Digest layer = *store_->put_blob("layer " + name);
    const std::string text = R"({"config":{"digest":")" + config.str() +
                             R"("},"layers":[{"digest":")" + layer.str() + R"("}]})";
    Descriptor manifest;
    manifest.media_type = "application/vnd.oci.image.manifest.v1+json";
    manifest.digest = *store_->put_blob(text);
    manifest.size = text.size();
    return manifest;
  }

  // A step with its tree, layer blob and root; the tree.
  Digest step(const std::string& name) {
    const Digest tree = *store_->put_tree(tree_of(name, name));
    const Digest blob = *store_->put_blob("step layer " + name);
    EXPECT_TRUE(store_->put_layer(tree, "none", {blob, blob, name.size() + 11}).ok());
    EXPECT_TRUE(store_->put_root(tree, staged(name)).ok());
    EXPECT_TRUE(store_->put_result(Digest::of(name), name, {tree, {}, 1}).ok());
    return tree;
  }

  std::string staged(const std::string& name) {
    std::string path = *store_->new_scratch("root");
    write(path + "/" + name, name);
    return path;
  }

  // As if the last use had been `days` ago.
  void age(const std::string& directory, int days) {
    const std::time_t then = std::time(nullptr) - std::time_t{days} * 86400;
    const struct utimbuf times { then, then };
    const std::string parent = home_ + "/" + directory + "/";
    const std::vector<std::string> names = *list_directory(parent);
    for (const std::string& name : names) {
      const std::string path = parent + name;
      struct stat status {};
      ASSERT_EQ(::lstat(path.c_str(), &status), 0);
      if (S_ISDIR(status.st_mode) && directory == "layers") {
        age(path.substr(home_.size() + 1), days);
      } else {
        ASSERT_EQ(::utime(path.c_str(), &times), 0);
      }
    }
  }
  void age_all(int days) {
    for (const char* directory :
         {"steps", "keys", "resolved", "chains", "layers", "roots", "refs"}) {
      age(directory, days);
    }
  }
};

TEST_F(GcTest, RemovesOnlyWhatNothingReaches) {
  const Descriptor named = image("named");
  const Descriptor keyed = image("keyed");
  const Descriptor lost = image("lost");
  ASSERT_TRUE(store_->set_ref("named", named).ok());
  ASSERT_TRUE(store_->put_image(Digest::of("key"), keyed).ok());
  const Digest tree = step("step");
  const Digest orphan = *store_->put_tree(tree_of("orphan", ""));
  write(home_ + "/tmp/download-" + Digest::of("x").hex(), "part");
  write(home_ + "/quarantine/refs%2Fx-12-0123456789abcdef-3", "bad");
  const auto report = store_->gc({});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(store_->blob_size(lost.digest));
  EXPECT_FALSE(store_->blob_size(Digest::of("layer lost")));
  EXPECT_FALSE((*store_->tree(orphan)).has_value());
  EXPECT_FALSE(exists(home_ + "/tmp/download-" + Digest::of("x").hex()));
  EXPECT_TRUE(list_directory(home_ + "/quarantine")->empty());
  EXPECT_TRUE(store_->blob_size(Digest::of("layer named")));
  EXPECT_TRUE(store_->blob_size(Digest::of("config keyed")));
  EXPECT_TRUE(store_->root(tree));
  EXPECT_TRUE((*store_->any_layer(tree)).has_value());
  EXPECT_EQ(report->removed_objects, 6U);
  // A second one finds nothing.
  EXPECT_EQ(store_->gc({})->removed_objects, 0U);
}

TEST_F(GcTest, AFailedStepKeepsNothingAndGoes) {
  const Digest tree = *store_->put_tree(tree_of("below", ""));
  const Digest step = Digest::of("failed");
  ProcessStart start;
  start.trees = {tree};
  ASSERT_TRUE(store_->put_failed(step, start).ok());
  Store::GcOptions options;
  options.keep_days = 30;
  options.dry_run = true;
  EXPECT_EQ(store_->gc(options)->removed_objects, 2U);
  EXPECT_TRUE((*store_->failed(step)).has_value());
  options.dry_run = false;
  EXPECT_EQ(store_->gc(options)->removed_objects, 2U);
  EXPECT_FALSE((*store_->failed(step)).has_value());
  EXPECT_FALSE((*store_->tree(tree)).has_value());
}

TEST_F(GcTest, WhereAStepStartedGoesWithItsResults) {
  const Digest done = Digest::of("record");
  ProcessStart start;
  start.args = {"make"};
  ASSERT_TRUE(store_->put_start(done, start).ok());
  ASSERT_TRUE(store_->put_start(Digest::of("never done"), start).ok());
  ASSERT_TRUE(store_->put_result(done, "record", {empty_tree_digest(), {}, 0}).ok());
  ASSERT_TRUE(store_->gc({}).ok());
  EXPECT_EQ(*store_->start(done), start);
  EXPECT_FALSE((*store_->start(Digest::of("never done"))).has_value());
  Store::GcOptions options;
  options.keep_bytes = 0;
  ASSERT_TRUE(store_->gc(options).ok());
  EXPECT_FALSE((*store_->start(done)).has_value());
  EXPECT_TRUE(store_->steps()->empty());
}

TEST_F(GcTest, DryRunSaysAndDoesNothing) {
  const Descriptor lost = image("lost");
  Store::GcOptions options;
  options.dry_run = true;
  const auto report = store_->gc(options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->removed_objects, 3U);
  EXPECT_TRUE(store_->blob_size(lost.digest));
  const auto real = store_->gc({});
  EXPECT_EQ(real->removed_bytes, report->removed_bytes);
  EXPECT_FALSE(store_->blob_size(lost.digest));
}

TEST_F(GcTest, KeepDaysSparesReferencesAndWhatWasUsed) {
  const Descriptor named = image("named");
  ASSERT_TRUE(store_->set_ref("named", named).ok());
  const Digest old = step("old");
  // A layer of the named image: its tree stays with it.
  const Digest base = *store_->put_tree(tree_of("base", ""));
  ASSERT_TRUE(store_->put_layer(base, "none", {base, Digest::of("layer named"), 11}).ok());
  ASSERT_TRUE(store_->put_chain_tree(Digest::of("chain"), base).ok());
  age_all(40);
  const Digest recent = step("recent");
  Store::GcOptions options;
  options.keep_days = 30;
  ASSERT_TRUE(store_->gc(options).ok());
  EXPECT_TRUE(store_->results(Digest::of("old"))->empty());
  EXPECT_FALSE((*store_->step_record(Digest::of("old"))).has_value());
  EXPECT_FALSE((*store_->tree(old)).has_value());
  EXPECT_FALSE(store_->root(old));
  EXPECT_FALSE(exists(home_ + "/roots/" + old.hex()));
  EXPECT_FALSE(store_->blob_size(Digest::of("step layer old")));
  EXPECT_TRUE((*store_->tree(recent)).has_value());
  EXPECT_TRUE(store_->blob_size(Digest::of("layer named")));
  EXPECT_EQ(*store_->chain_tree(Digest::of("chain")), base);
  EXPECT_TRUE((*store_->tree(base)).has_value());
}

TEST_F(GcTest, ARootGoesBeforeItsBlobButNotAsTheOnlyCopy) {
  const Digest with_blob = step("with-blob");
  const Digest alone = *store_->put_tree(tree_of("alone", "alone"));
  ASSERT_TRUE(store_->put_root(alone, staged("alone")).ok());
  ASSERT_TRUE(store_->put_result(Digest::of("s"), "s", {alone, {}, 1}).ok());
  age("roots", 40);
  Store::GcOptions options;
  options.keep_days = 30;
  ASSERT_TRUE(store_->gc(options).ok());
  EXPECT_FALSE(store_->root(with_blob));
  EXPECT_TRUE((*store_->any_layer(with_blob)).has_value());
  EXPECT_TRUE(store_->root(alone));
}

TEST_F(GcTest, KeepBytesDropsTheLeastRecentlyUsedFirst) {
  for (int i = 1; i <= 4; ++i) {
    // Each later step ages the earlier ones again.
    step(std::string(static_cast<std::size_t>(1000), static_cast<char>('a' + i)).substr(0, 200));
    age_all(10 * (5 - i));
  }
  const std::uint64_t all = store_->gc({})->kept_bytes;
  Store::GcOptions options;
  options.keep_bytes = all;
  EXPECT_EQ(store_->gc(options)->removed_objects, 0U);
  options.keep_bytes = 0;
  ASSERT_TRUE(store_->set_ref("named", image("named")).ok());
  const auto report = store_->gc(options);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(list_directory(home_ + "/steps")->empty());
  EXPECT_EQ(list_directory(home_ + "/blobs/sha256")->size(), 3U);
  EXPECT_GT(report->kept_bytes, 0U);
}

TEST_F(GcTest, KeepBytesStopsWhenTheRestFits) {
  const std::string old_name(100, 'o');
  const std::string new_name(100, 'n');
  step(old_name);
  age_all(20);
  step(new_name);
  Store::GcOptions options;
  options.keep_bytes = store_->gc({})->kept_bytes - 1;
  ASSERT_TRUE(store_->gc(options).ok());
  EXPECT_TRUE(store_->results(Digest::of(old_name))->empty());
  EXPECT_EQ(store_->results(Digest::of(new_name))->size(), 1U);
}

TEST_F(GcTest, WaitsForOtherUsers) {
  std::atomic<int> waited_for{0};
  std::atomic<bool> done{false};
  auto other = open();
  std::thread collector([&] {
    Store::GcOptions options;
    options.on_wait = [&](int pid) { waited_for = pid; };
    EXPECT_TRUE(store_->gc(options).ok());
    done = true;
  });
  for (int i = 0; i < 500 && waited_for == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(waited_for, ::getpid());
  EXPECT_FALSE(done);
  other.reset();
  collector.join();
  EXPECT_TRUE(done);
  // And lets others in afterwards.
  EXPECT_NE(open(), nullptr);
}

TEST_F(GcTest, SurvivesDamagedDocuments) {
  const Descriptor named = image("named");
  ASSERT_TRUE(store_->set_ref("named", named).ok());
  write(store_->blob_path(named.digest), "{\"layers\":[{}]}");
  write(home_ + "/refs/damaged", "not a record");
  ASSERT_TRUE(store_->gc({}).ok());
  ASSERT_TRUE(store_->gc({}).ok());
  EXPECT_TRUE(list_directory(home_ + "/quarantine")->empty());
}

// Names that no store gives: whatever it is, it is not ours to remove.
TEST_F(GcTest, LeavesAloneWhatNoStoreHasMade) {
  const std::string hex = Digest::of("x").hex();
  const std::string target = directory_ + "/target";
  ASSERT_TRUE(make_directories(target).ok());
  write(target + "/none", "mine");
  const std::vector<std::string> paths{
      "notes",          "blobs/sha256/notes", "trees/notes.txt", "steps/" + hex + ".txt",
      "chains/notes",   "layers/notes",       "roots/notes",     "refs/my notes",
      "keys/a b",       "locks/my lock",      "failed/notes",    "quarantine/notes",
      "verified/notes", "tmp/notes",          "tmp/download-1",  ".strata-notes"};
  for (const std::string& path : paths) {
    write(home_ + "/" + path, "precious");
  }
  ASSERT_EQ(::symlink(target.c_str(), (home_ + "/layers/" + hex).c_str()), 0);
  ASSERT_TRUE(store_->gc({}).ok());
  EXPECT_TRUE(store_->fsck().ok());
  ASSERT_TRUE(store_->gc({}).ok());
  for (const std::string& path : paths) {
    EXPECT_EQ(read(home_ + "/" + path), "precious") << path;
  }
  EXPECT_EQ(read(target + "/none"), "mine");
}

// As root nothing is unreadable.
class AccessTest : public GcTest {
 protected:
  void SetUp() override {
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown(directory_.c_str(), kUser, kUser), 0);
      ASSERT_EQ(::seteuid(kUser), 0);
    }
    GcTest::SetUp();
  }
  void TearDown() override {
    GcTest::TearDown();
    if (::getuid() == 0) {
      ASSERT_EQ(::seteuid(0), 0);
    }
  }
  static constexpr uid_t kUser = 12345;
};

// A reference that cannot be read may name anything.
TEST_F(AccessTest, GcRemovesNothingWhenItCannotReadSomething) {
  const Descriptor named = image("named");
  ASSERT_TRUE(store_->set_ref("named", named).ok());
  ASSERT_TRUE(store_->put_image(Digest::of("key"), named).ok());
  ASSERT_TRUE(store_->put_resolved("ref", "linux/amd64", named.digest).ok());
  const Digest tree = step("step");
  ASSERT_TRUE(store_->put_chain_tree(Digest::of("chain"), tree).ok());
  image("lost");
  std::vector<std::string> paths{
      "refs/named",
      "keys/" + Digest::of("key").hex(),
      "resolved/ref%2Clinux%2Famd64",
      "steps/" + Digest::of("step").hex() + ".results",
      "chains/" + Digest::of("chain").hex(),
      "layers/" + tree.hex(),
      "layers/" + tree.hex() + "/none",
      "roots/" + tree.hex() + ".ok",
      "blobs/sha256/" + named.digest.hex(),
      "refs",
      "roots",
  };
  for (const std::string& path : paths) {
    struct stat before {};
    ASSERT_EQ(::stat((home_ + "/" + path).c_str(), &before), 0) << path;
    ASSERT_EQ(::chmod((home_ + "/" + path).c_str(), 0), 0);
    EXPECT_FALSE(store_->gc({}).ok()) << path;
    ASSERT_EQ(::chmod((home_ + "/" + path).c_str(), before.st_mode & 07777U), 0);
    EXPECT_EQ(list_directory(home_ + "/blobs/sha256")->size(), 7U) << path;
    EXPECT_TRUE(list_directory(home_ + "/quarantine")->empty()) << path;
    EXPECT_EQ(*store_->ref("named"), named);
  }
  EXPECT_EQ(store_->gc({})->removed_objects, 3U);
}

TEST_F(GcTest, LocksThatNobodyHoldsGo) {
  { const Fd done = *store_->lock("done"); }
  const Fd held = *store_->lock("held");
  EXPECT_GE(list_directory(home_ + "/locks")->size(), 3U);
  Store::GcOptions options;
  options.dry_run = true;
  ASSERT_TRUE(store_->gc(options).ok());
  EXPECT_GE(list_directory(home_ + "/locks")->size(), 3U);
  ASSERT_TRUE(store_->gc({}).ok());
  EXPECT_EQ(*list_directory(home_ + "/locks"), (std::vector<std::string>{"gc", "user%2Fheld"}));
}

// Then others hold another lock of that name, and must not lose what they use.
TEST_F(GcTest, RefusesWhenItsOwnLockWasRemovedUnderUsers) {
  const auto other = open();
  ASSERT_EQ(::unlink((home_ + "/locks/gc").c_str()), 0);
  const auto collector = open();
  const Digest blob = *collector->put_blob("blob");
  EXPECT_FALSE(collector->gc({}).ok());
  EXPECT_TRUE(collector->blob_size(blob));
}

TEST_F(GcTest, FsckFindsEveryKindOfDamage) {
  const Digest tree = step("step");
  const Digest unmarked = step("unmarked");
  ASSERT_TRUE(store_->set_ref("named", image("named")).ok());
  ASSERT_TRUE(store_->put_failed(Digest::of("failed"), {}).ok());
  const Digest large = *store_->put_blob(std::string(std::size_t{2} << 20, 'l'));
  const std::string note = list_directory(home_ + "/verified")->at(0);
  ASSERT_TRUE(store_->fsck()->empty());
  write(home_ + "/failed/" + Digest::of("failed").hex(), "no record");
  write(store_->blob_path(Digest::of("layer named")), "LAYER named");
  write(home_ + "/roots/" + tree.hex() + "/step", "sTep");
  write(home_ + "/roots/" + unmarked.hex() + ".ok", "1");
  write(home_ + "/steps/" + Digest::of("step").hex(), "other");
  write(home_ + "/verified/" + note, "x");
  write(home_ + "/oci-layout", "{}");
  write(home_ + "/index.json", "{}");
  const auto damaged = store_->fsck();
  ASSERT_TRUE(damaged.ok());
  const auto both = [&](const Digest& root) {
    return std::vector<std::string>{"roots/" + root.hex(), "roots/" + root.hex() + ".ok"};
  };
  std::vector<std::string> expected{"blobs/sha256/" + Digest::of("layer named").hex(),
                                    "steps/" + Digest::of("step").hex(),
                                    "failed/" + Digest::of("failed").hex()};
  std::vector<std::string> roots = both(tree);
  roots.insert(tree < unmarked ? roots.end() : roots.begin(), both(unmarked).back());
  expected.insert(expected.end(), roots.begin(), roots.end());
  expected.insert(expected.end(), {"verified/" + note, "oci-layout", "index.json"});
  EXPECT_EQ(*damaged, expected);
  EXPECT_FALSE(store_->root(tree));
  EXPECT_TRUE(*store_->verify_blob(large));
  EXPECT_TRUE(store_->fsck()->empty());
}

// An image that lost a layer is no damage of the index that lists it.
TEST_F(GcTest, FsckListsOnlyWholeImagesAgain) {
  ASSERT_TRUE(store_->set_ref("named", image("named")).ok());
  write(store_->blob_path(Digest::of("layer named")), "LAYER named");
  EXPECT_EQ(store_->fsck()->size(), 1U);
  EXPECT_EQ(read(home_ + "/index.json").find("named"), std::string::npos);
}

// Paths of a root may be longer than what a system call takes with the root's own path before them.
TEST_F(GcTest, FsckReadsRootsWithPathsBeyondPathMax) {
  const std::string part(200, 'd');
  std::string path;
  const std::string root = *store_->new_scratch("root");
  Fd at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Tree tree;
  for (int depth = 0; depth < 20; ++depth) {
    ASSERT_EQ(::mkdirat(at.get(), part.c_str(), 0755), 0);
    at = Fd(::openat(at.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    path += (path.empty() ? "" : "/") + part;
    TreeEntry directory;
    directory.path = path;
    directory.type = EntryType::Directory;
    directory.mode = 0755;
    tree.entries.push_back(directory);
  }
  ASSERT_EQ(::symlinkat("target", at.get(), "link"), 0);
  TreeEntry link;
  link.path = path + "/link";
  link.type = EntryType::Symlink;
  link.mode = 0777;
  link.link = "target";
  tree.entries.push_back(link);
  const Digest digest = *store_->put_tree(tree);
  ASSERT_TRUE(store_->put_root(digest, root).ok());
  EXPECT_GT(home_.size() + path.size() + 64 + 10, 4096U);
  EXPECT_TRUE(store_->fsck()->empty());
  EXPECT_TRUE(store_->root(digest));
}

}  // namespace
}  // namespace strata::backend
