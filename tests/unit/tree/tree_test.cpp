// Trees: the canonical text and its inverse.
#include "backend/tree/tree.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>
#include <set>

namespace strata::backend {
namespace {

TreeEntry make(const std::string& path, EntryType type) {
  TreeEntry entry;
  entry.path = path;
  entry.type = type;
  return entry;
}

Tree sample() {
  Tree tree;
  TreeEntry directory = make("dir", EntryType::Directory);
  directory.mode = 0755;
  directory.mtime = -5;
  TreeEntry file = make("dir/f\xff\n\"\\\x01", EntryType::File);
  file.mode = 04755;
  file.uid = std::numeric_limits<std::uint32_t>::max();
  file.size = std::numeric_limits<std::uint64_t>::max();
  file.mtime = std::numeric_limits<std::int64_t>::min();
  file.sha256 = Digest::of("x");
  file.xattrs = {{"security.capability", std::string("\x00\x01\xff", 3)}, {"user.a", "b"}};
  TreeEntry link = make("dir/link", EntryType::Symlink);
  link.mode = 0777;
  link.link = "../é";
  TreeEntry hard = make("dir/z", EntryType::Hardlink);
  hard.link = file.path;
  TreeEntry device = make("dev", EntryType::Char);
  device.dev_major = 1;
  device.dev_minor = 3;
  tree.entries = {directory,
                  file,
                  link,
                  hard,
                  device,
                  make("gone", EntryType::Whiteout),
                  make("pipe", EntryType::Fifo)};
  sort_tree(tree);
  return tree;
}

TEST(Tree, TextRoundTrips) {
  const Tree tree = sample();
  const Result<Tree> parsed = parse_tree(print_tree(tree));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, tree);
  EXPECT_EQ(print_tree(*parsed), print_tree(tree));
}

TEST(Tree, TextIsPinned) {
  Tree tree;
  TreeEntry file = make("a\tb", EntryType::File);
  file.mode = 0644;
  file.size = 3;
  file.mtime = 7;
  file.sha256 = Digest::of("abc");
  tree.entries = {file, make("gone", EntryType::Whiteout)};
  EXPECT_EQ(print_tree(tree),
            "[\"a\\tb\",\"f\",420,0,0,7,[],3,\"sha256:"
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"]\n"
            "[\"gone\",\"w\"]\n");
  EXPECT_EQ(empty_tree_digest(), Digest::of(""));
}

TEST(Tree, EveryFieldChangesTheDigest) {
  const std::vector<std::function<void(TreeEntry&)>> changes = {
      [](TreeEntry& e) { e.path = "dir/g"; },
      [](TreeEntry& e) { e.mode ^= 1; },
      [](TreeEntry& e) { e.uid = 1; },
      [](TreeEntry& e) { e.gid = 1; },
      [](TreeEntry& e) { e.size = 1; },
      [](TreeEntry& e) { e.mtime = 1; },
      [](TreeEntry& e) {
        e.xattrs = {{"user.x", ""}};
      },
      [](TreeEntry& e) {
        e.xattrs = {{"user.x", "y"}};
      },
      [](TreeEntry& e) { e.sha256 = Digest::of("z"); },
      [](TreeEntry& e) {
        e.type = EntryType::Fifo;
        e.sha256 = {};
      },
  };
  std::set<Digest> seen;
  Tree tree;
  tree.entries = {make("dir", EntryType::Directory), make("dir/f", EntryType::File)};
  seen.insert(tree_digest(tree));
  for (const auto& change : changes) {
    Tree changed = tree;
    change(changed.entries[1]);
    EXPECT_TRUE(seen.insert(tree_digest(changed)).second) << print_tree(changed);
  }
}

TEST(Tree, RefusesWhatBreaksTheInvariants) {
  const std::vector<std::string> bad = {
      "x",
      "[\"a\",\"w\"]",
      "[\"a\",\"q\"]\n",
      "[\"a\",\"w\"]\n[\"a\",\"w\"]\n",
      "[\"b\",\"w\"]\n[\"a\",\"w\"]\n",
      "[\"a/b\",\"w\"]\n",
      "[\"/a\",\"w\"]\n",
      "[\"a/\",\"w\"]\n",
      "[\"..\",\"w\"]\n",
      "[\"a\\u0000b\",\"w\"]\n",
      "[\"a\",\"d\",8192,0,0,0,[]]\n",
      "[\"a\",\"d\",-1,0,0,0,[]]\n",
      "[\"a\",\"d\",493,0,0,0,[[\"user.b\",\"\"],[\"user.a\",\"\"]]]\n",
      "[\"a\",\"h\",420,0,0,0,[],\"b\"]\n",
      "[\"\",\"p\",420,0,0,0,[]]\n",
      "[\"a\",\"f\",420,0,0,0,[],3,\"sha256:00\"]\n",
      "[\"a\",\"f\",420,0,0,0,[],3,\"sha256:",
      "[{\"base64\":\"%\"},\"w\"]\n",
  };
  for (const std::string& text : bad) {
    const Result<Tree> parsed = parse_tree(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::Corrupt);
  }
}

// Damaged text never crashes the parser, and what it accepts prints again.
TEST(Tree, SurvivesRandomDamage) {
  const std::string text = print_tree(sample());
  std::mt19937 random(1);
  for (unsigned round = 0; round < 5000; ++round) {
    std::string damaged = text;
    for (unsigned i = 0; i <= round % 3U; ++i) {
      const std::size_t at = random() % damaged.size();
      damaged[at] = static_cast<char>(random());
    }
    damaged.resize(random() % 4 == 0 ? random() % damaged.size() : damaged.size());
    if (const Result<Tree> parsed = parse_tree(damaged)) {
      EXPECT_TRUE(parse_tree(print_tree(*parsed)).ok());
    }
  }
}

}  // namespace
}  // namespace strata::backend
