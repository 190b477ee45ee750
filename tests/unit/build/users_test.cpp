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
  void SetUp() override {
    Tree tree;
    TreeEntry etc;
    etc.path = "etc";
    etc.type = EntryType::Directory;
    etc.mode = 0755;
    tree.entries.push_back(etc);
    add(tree, "etc/group", kGroup);
    add(tree, "etc/passwd", kPasswd);
    root_ = RootView({std::make_shared<const Tree>(tree)});
    content_ = memory_content({{"etc/passwd", kPasswd}, {"etc/group", kGroup}});
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
  EXPECT_EQ(user->groups, (std::vector<std::uint32_t>{29, 50}));
  EXPECT_EQ(user->home, "/home/ann");
}

TEST_F(Users, AGroupReplacesTheOthers) {
  const auto user = resolve_process_user("ann:staff", root_, *content_);
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->gid, 50U);
  EXPECT_TRUE(user->groups.empty());
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

}  // namespace
}  // namespace strata::backend
