// From where a process starts to what the executor is asked for.
#include "backend/build/process.h"

#include <sys/stat.h>

#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

class ProcessTest : public OpenStoreTest {
 protected:
  // A tree of one file at the root, unpacked.
  Digest root_of(const std::string& name, const std::string& text) {
    const Digest digest = *store_->put_tree(tree_of(name, text));
    const std::string staged = *store_->new_scratch("root");
    write(staged + "/" + name, text);
    EXPECT_TRUE(store_->put_root(digest, staged).ok());
    return digest;
  }
  static TreeEntry entry(const std::string& path, EntryType type, const std::string& link) {
    TreeEntry made;
    made.path = path;
    made.type = type;
    made.mode = 0755;
    made.link = link;
    return made;
  }
};

TEST_F(ProcessTest, AStoredRootIsItsTreesInOrderWithoutTheEmptyOnes) {
  const Digest below = root_of("file", "below");
  const Digest above = root_of("file", "above");
  const auto root = stored_root(*store_, {below, empty_tree_digest(), above});
  ASSERT_TRUE(root.ok()) << root.error().message;
  EXPECT_EQ(root->lowers, (std::vector<std::string>{*store_->root(below), *store_->root(above)}));
  const auto found = root->view.find("file");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->layer, 2U);
  const auto file = root->content->open("file");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*read_all(*file, "file"), "above");
}

TEST_F(ProcessTest, ATreeThatIsGoneIsNamed) {
  const Digest gone = Digest::of("gone");
  const auto root = stored_root(*store_, {root_of("file", "text"), gone});
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.error().code, ErrorCode::Corrupt);
  EXPECT_NE(root.error().message.find(gone.str()), std::string::npos);
}

TEST_F(ProcessTest, MountsAreLaidOutWithTheirModes) {
  ProcessStart start;
  start.args = {"true"};
  start.user = "5:6";
  start.network = "none";
  start.epoch = 7;
  start.mounts = {{{{"script", 0755, "one"}, {"data", 0640, "two"}}, "/dev/pipes"}, {{}, "/empty"}};
  const auto root = stored_root(*store_, {root_of("file", "text")});
  ASSERT_TRUE(root.ok());
  const std::string scratch = *store_->new_scratch("run");
  const auto spec = run_spec_of(start, *root, scratch);
  ASSERT_TRUE(spec.ok()) << spec.error().message;
  EXPECT_EQ(spec->lowers, root->lowers);
  EXPECT_EQ(spec->cwd, "/");
  EXPECT_EQ(spec->uid, 5U);
  EXPECT_EQ(spec->gid, 6U);
  EXPECT_EQ(spec->network, "none");
  EXPECT_EQ(spec->epoch, 7);
  ASSERT_EQ(spec->binds.size(), 2U);
  EXPECT_EQ(spec->binds[0].target, "/dev/pipes");
  EXPECT_EQ(spec->binds[0].access, RunSpec::Bind::Access::ReadOnly);
  EXPECT_EQ(read(spec->binds[0].source + "/one"), "script");
  struct stat status {};
  ASSERT_EQ(::stat((spec->binds[0].source + "/one").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
  ASSERT_EQ(::stat((spec->binds[0].source + "/two").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_TRUE(list_directory(spec->binds[1].source)->empty());
  start.user = "nobody-here";
  EXPECT_EQ(run_spec_of(start, *root, scratch).error().code, ErrorCode::Input);
}

TEST_F(ProcessTest, AShellIsFoundThroughLinks) {
  const auto with = [](std::vector<TreeEntry> entries) {
    return RootView({std::make_shared<const Tree>(Tree{std::move(entries)})});
  };
  EXPECT_FALSE(has_shell(with({})));
  EXPECT_TRUE(has_shell(
      with({entry("bin", EntryType::Directory, ""), entry("bin/sh", EntryType::File, "")})));
  EXPECT_TRUE(has_shell(
      with({entry("bin", EntryType::Symlink, "usr/bin"), entry("usr", EntryType::Directory, ""),
            entry("usr/bin", EntryType::Directory, ""), entry("usr/bin/dash", EntryType::File, ""),
            entry("usr/bin/sh", EntryType::Symlink, "dash")})));
  EXPECT_FALSE(has_shell(with(
      {entry("bin", EntryType::Directory, ""), entry("bin/sh", EntryType::Symlink, "nothing")})));
  EXPECT_FALSE(has_shell(
      with({entry("bin", EntryType::Directory, ""), entry("bin/sh", EntryType::Directory, "")})));
}

}  // namespace
}  // namespace strata::backend
