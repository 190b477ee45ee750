// USER and --chown against a root's own account files.
#include "backend/build/users.h"

#include <gtest/gtest.h>

namespace strata::backend {
namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "ann:x:1000:1001:Ann:/home/ann:/bin/sh\n"
    "broken:x:notanumber:1:x:/:/bin/sh\n"
    "short:x\n";
constexpr const char* kGroup = "root:x:0:\nstaff:x:50:ann,bob\naudio:x:29:ann\nann:x:1001:\n";

class Users : public testing::Test {
 protected:
  void SetUp() override { set(kPasswd, kGroup); }

  void set(const std::string& passwd, const std::string& group) {
    Tree tree = with_etc();
    add(tree, "etc/group", group);
    add(tree, "etc/passwd", passwd);
    root_ = RootView({std::make_shared<const Tree>(tree)});
    content_ = memory_content({{"etc/passwd", passwd}, {"etc/group", group}});
  }
  // An account file that is something else.
  void set(TreeEntry entry) {
    Tree tree = with_etc();
    tree.entries.push_back(std::move(entry));
    root_ = RootView({std::make_shared<const Tree>(tree)});
    content_ = memory_content({});
  }

  static TreeEntry entry(const std::string& path, EntryType type, const std::string& link = "") {
    TreeEntry made;
    made.path = path;
    made.type = type;
    made.mode = 0755;
    made.link = link;
    return made;
  }
  static Tree with_etc() {
    Tree tree;
    tree.entries.push_back(entry("etc", EntryType::Directory));
    return tree;
  }

  static void add(Tree& tree, const std::string& path, const std::string& text) {
    TreeEntry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = text.size();
    entry.sha256 = Digest::of(text);
    tree.entries.push_back(entry);
  }

  RootView root_{{}};
  std::shared_ptr<const Content> content_;
};

TEST_F(Users, ANameBringsItsGroupsAndHome) {
  const auto user = resolve_process_user("ann", root_, *content_);
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->uid, 1000U);
  EXPECT_EQ(user->gid, 1001U);
  EXPECT_EQ(user->groups, (std::vector<std::uint32_t>{29, 50, 1001}));
  EXPECT_EQ(user->home, "/home/ann");
}

TEST_F(Users, AGroupReplacesTheOthers) {
  const auto user = resolve_process_user("ann:staff", root_, *content_);
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->gid, 50U);
  EXPECT_EQ(user->groups, (std::vector<std::uint32_t>{50}));
}

TEST_F(Users, ANumberNeedsNoEntry) {
  const auto user = resolve_process_user("4242", root_, *content_);
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->uid, 4242U);
  EXPECT_EQ(user->gid, 0U);
  EXPECT_EQ(resolve_process_user("1000", root_, *content_)->gid, 1001U);
  EXPECT_EQ(resolve_process_user("", root_, *content_)->home, "/root");
}

TEST_F(Users, UnknownAndOutOfRangeAreErrors) {
  EXPECT_FALSE(resolve_process_user("nobody", root_, *content_).ok());
  EXPECT_FALSE(resolve_process_user("ann:nogroup", root_, *content_).ok());
  EXPECT_FALSE(resolve_process_user("4294967295", root_, *content_).ok());
  EXPECT_FALSE(resolve_process_user("4294967296", root_, *content_).ok());
  EXPECT_FALSE(resolve_owner("broken", root_, *content_).ok());
}

TEST_F(Users, OwnersOfFiles) {
  EXPECT_EQ(resolve_owner("7", root_, *content_)->gid, 7U);
  EXPECT_EQ(resolve_owner("ann", root_, *content_)->gid, 1001U);
  EXPECT_EQ(resolve_owner("ann:staff", root_, *content_)->gid, 50U);
  EXPECT_EQ(resolve_owner("ann:", root_, *content_)->gid, 0U);
  EXPECT_EQ(resolve_owner("root", RootView({}), *content_)->uid, 0U);
}

TEST_F(Users, TheSupplementaryGroupsHoldThePrimaryGroup) {
  EXPECT_EQ(resolve_process_user("", root_, *content_)->groups, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(resolve_process_user("4242:77", root_, *content_)->groups,
            (std::vector<std::uint32_t>{77}));
  // Once, also where the group file has the user in it.
  set(kPasswd, "ann:x:1001:ann\n");
  EXPECT_EQ(resolve_process_user("ann", root_, *content_)->groups,
            (std::vector<std::uint32_t>{1001}));
}

TEST_F(Users, FieldsMissingAtTheEndOfALineAreEmpty) {
  set("bare:x:7\n  spaced:x:8:9:\t\r\nnogid:x:10::x:/n\n\n:x:11:\nshort:x\nword:x:12:y:z\n",
      "team:x:50\nshort:x\n:x:51:\n");
  const auto bare = resolve_process_user("bare", root_, *content_);
  ASSERT_TRUE(bare.ok()) << bare.error().message;
  EXPECT_EQ(bare->uid, 7U);
  EXPECT_EQ(bare->gid, 0U);
  EXPECT_EQ(bare->home, "/");
  EXPECT_EQ(resolve_owner("spaced", root_, *content_)->gid, 9U);
  EXPECT_EQ(resolve_owner("nogid", root_, *content_)->gid, 0U);
  EXPECT_EQ(resolve_owner("1:team", root_, *content_)->gid, 50U);
  // Not for an id: a truncated line must not make anybody root.
  EXPECT_FALSE(resolve_owner("short", root_, *content_).ok());
  EXPECT_FALSE(resolve_owner("1:short", root_, *content_).ok());
  EXPECT_FALSE(resolve_owner("word", root_, *content_).ok());
}

TEST_F(Users, RootNeedsNoAccountFiles) {
  const RootView nothing({});
  const auto owner = resolve_owner("root:root", nothing, *content_);
  ASSERT_TRUE(owner.ok()) << owner.error().message;
  EXPECT_EQ(owner->uid, 0U);
  EXPECT_EQ(owner->gid, 0U);
  EXPECT_EQ(resolve_owner("0:root", nothing, *content_)->gid, 0U);
  EXPECT_EQ(resolve_owner("12:root", nothing, *content_)->gid, 0U);
  EXPECT_EQ(resolve_process_user("root:root", nothing, *content_)->gid, 0U);
  EXPECT_FALSE(resolve_owner("0:staff", nothing, *content_).ok());
}

TEST_F(Users, AHardLinkToALargeFileIsNoAccountFile) {
  Tree tree = with_etc();
  add(tree, "big", std::string((8U << 20U) + 1, 'x'));
  tree.entries.push_back(entry("etc/passwd", EntryType::Hardlink, "big"));
  sort_tree(tree);
  root_ = RootView({std::make_shared<const Tree>(tree)});
  content_ = memory_content({{"etc/passwd", std::string((8U << 20U) + 1, 'x')}});
  for (const char* user : {"ann", "", "7:8"}) {
    const auto refused = resolve_process_user(user, root_, *content_);
    ASSERT_FALSE(refused.ok()) << user;
    EXPECT_EQ(refused.error().code, ErrorCode::Input);
    EXPECT_NE(refused.error().message.find("larger than 8 MiB"), std::string::npos);
  }
}

// A runtime opens them whoever the user is, and would wait for ever.
TEST_F(Users, AccountFilesThatAreNoFilesAreRefusedForEveryUser) {
  for (const EntryType type :
       {EntryType::Fifo, EntryType::Char, EntryType::Block, EntryType::Directory}) {
    for (const char* path : {"etc/passwd", "etc/group"}) {
      set(entry(path, type));
      for (const char* user : {"", "0", "7:8", "root:root"}) {
        const auto refused = resolve_process_user(user, root_, *content_);
        ASSERT_FALSE(refused.ok()) << path << " " << user;
        EXPECT_EQ(refused.error().code, ErrorCode::Input);
        EXPECT_NE(refused.error().message.find(path), std::string::npos);
      }
    }
  }
}

TEST_F(Users, AHardLinkToAFifoIsAFifo) {
  Tree tree = with_etc();
  tree.entries.push_back(entry("etc/fifo", EntryType::Fifo));
  tree.entries.push_back(entry("etc/group", EntryType::Hardlink, "etc/fifo"));
  root_ = RootView({std::make_shared<const Tree>(tree)});
  const auto refused = resolve_process_user("", root_, *content_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Input) << refused.error().message;
}

TEST_F(Users, LinksAreFollowedInsideTheRootAlone) {
  set(entry("etc/passwd", EntryType::Symlink, "../../../../../../nowhere/passwd"));
  EXPECT_TRUE(resolve_process_user("", root_, *content_).ok());
  EXPECT_FALSE(resolve_process_user("ann", root_, *content_).ok());
  Tree tree = with_etc();
  add(tree, "accounts", kPasswd);
  tree.entries.push_back(entry("etc/passwd", EntryType::Symlink, "/../accounts"));
  sort_tree(tree);
  root_ = RootView({std::make_shared<const Tree>(tree)});
  content_ = memory_content({{"accounts", kPasswd}});
  EXPECT_EQ(resolve_process_user("ann", root_, *content_)->uid, 1000U);
}

}  // namespace
}  // namespace strata::backend
