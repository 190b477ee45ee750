// scan_upper and materialize: an overlay's upper as a tree, and back.
#include "backend/tree/scan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <limits>

#include "backend/tree/content.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

constexpr std::int64_t kEpoch = 1'000'000'000;

RootView nothing() { return RootView({}); }

Result<Tree> scan(const TempDirectory& dir, const RootView& below, unsigned jobs = 2) {
  return scan_upper(dir.path(), below, {kEpoch, jobs});
}

std::vector<std::string> shape(const Tree& tree) {
  std::vector<std::string> lines;
  for (const TreeEntry& entry : tree.entries) {
    lines.push_back(std::string(1, static_cast<char>(entry.type)) + " " + entry.path);
  }
  return lines;
}
using Lines = std::vector<std::string>;

bool make_whiteout(const std::string& path) {
  return ::mknod(path.c_str(), S_IFCHR, makedev(0, 0)) == 0;
}

TEST(Scan, ClampsTimesOnDiskAndInTheTree) {
  const TempDirectory dir;
  dir.write("new", "x");
  dir.write("old", "y");
  const timespec old_times[2] = {{5, 0}, {5, 123}};
  ASSERT_EQ(
      ::utimensat(AT_FDCWD, dir.at("old").c_str(), static_cast<const timespec*>(old_times), 0), 0);
  const Result<Tree> tree = scan(dir, nothing());
  ASSERT_OK(tree);
  EXPECT_EQ(tree->find("new")->mtime, kEpoch);
  EXPECT_EQ(tree->find("old")->mtime, 5);
  struct stat info {};
  ASSERT_EQ(::stat(dir.at("new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mtim.tv_sec, kEpoch);
  ASSERT_EQ(::stat(dir.at("old").c_str(), &info), 0);
  EXPECT_EQ(info.st_mtim.tv_nsec, 0);
}

TEST(Scan, HardLinksHangOnTheSmallestPathWhateverWasMadeFirst) {
  const TempDirectory dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  dir.write("z", "content");
  dir.directory("a");
  ASSERT_EQ(::link(dir.at("z").c_str(), dir.at("a/m").c_str()), 0);
  ASSERT_EQ(::link(dir.at("z").c_str(), dir.at("b").c_str()), 0);
  const Result<Tree> tree = scan(dir, nothing());
  ASSERT_OK(tree);
  EXPECT_EQ(shape(*tree), (Lines{"d a", "f a/m", "h b", "h z"}));
  EXPECT_EQ(tree->find("z")->link, "a/m");
  EXPECT_EQ(tree->find("a/m")->sha256, Digest::of("content"));
}

TEST(Scan, WhiteoutsOfWhatIsBelowOnly) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs mknod";
  }
  const TempDirectory lower;
  lower.write("d/gone", "1");
  lower.write("d/kept", "1");
  lower.write("o/1", "1");
  lower.write("o/sub/deep", "1");
  lower.write("o/sub/same", "1");
  const Result<Tree> below = scan(lower, nothing());
  ASSERT_OK(below);
  const RootView view({std::make_shared<Tree>(*below)});

  const TempDirectory upper;
  upper.directory("d");
  upper.write("o/sub/same", "2");
  ASSERT_TRUE(make_whiteout(upper.at("d/gone")));
  // The kernel shares one inode among whiteouts: they are no hard links.
  ASSERT_EQ(::link(upper.at("d/gone").c_str(), upper.at("d/never").c_str()), 0);
  ASSERT_EQ(::setxattr(upper.at("o").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  const Result<Tree> tree = scan(upper, view);
  ASSERT_OK(tree);
  EXPECT_EQ(shape(*tree),
            (Lines{"d d", "w d/gone", "d o", "w o/1", "d o/sub", "w o/sub/deep", "f o/sub/same"}));
}

TEST(Scan, DirectoriesWithoutNewsAreDropped) {
  const TempDirectory lower;
  lower.directory("same/sub");
  lower.directory("chmodded");
  const Result<Tree> below = scan(lower, nothing());
  ASSERT_OK(below);
  const RootView view({std::make_shared<Tree>(*below)});
  const TempDirectory upper;
  upper.directory("same/sub");
  upper.directory("chmodded");
  upper.directory("new");
  ASSERT_EQ(::chmod(upper.at("chmodded").c_str(), 0711), 0);
  ASSERT_EQ(::chmod(upper.path().c_str(), 0755), 0);
  Result<Tree> tree = scan(upper, view);
  ASSERT_OK(tree);
  // mkdtemp made the lower root 0700.
  EXPECT_EQ(shape(*tree), (Lines{"d ", "d chmodded", "d new"}));
  ASSERT_EQ(::chmod(upper.path().c_str(), 0700), 0);
  tree = scan(upper, view);
  ASSERT_OK(tree);
  EXPECT_EQ(shape(*tree), (Lines{"d chmodded", "d new"}));
}

TEST(Scan, SocketsAreSkippedAndReservedNamesRefused) {
  const TempDirectory dir;
  dir.socket("sock");
  dir.write("f", "");
  const Result<Tree> tree = scan(dir, nothing());
  ASSERT_OK(tree);
  EXPECT_EQ(tree->find("sock"), nullptr);
  EXPECT_NE(tree->find("f"), nullptr);
  dir.write("x/.wh.f", "");
  const Result<Tree> refused = scan(dir, nothing());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Input);
}

TEST(Materialize, RestoresEverythingUnderAnyUmask) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs chown and mknod";
  }
  const TempDirectory source;
  source.write("d/suid", "program");
  source.write("d/raw\xff\nname", "bytes");
  source.symlink("/nowhere", "d/link");
  source.directory("sticky");
  ASSERT_EQ(::link(source.at("d/suid").c_str(), source.at("hard").c_str()), 0);
  ASSERT_EQ(::chown(source.at("d/suid").c_str(), 12, 34), 0);
  ASSERT_EQ(::chmod(source.at("d/suid").c_str(), 06755), 0);
  ASSERT_EQ(::chmod(source.at("sticky").c_str(), 03777), 0);
  ASSERT_EQ(::lchown(source.at("d/link").c_str(), 5, 6), 0);
  ASSERT_EQ(::mkfifo(source.at("pipe").c_str(), 0622), 0);
  ASSERT_EQ(::chmod(source.at("pipe").c_str(), 0622), 0);
  ASSERT_EQ(::mknod(source.at("null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  ASSERT_EQ(::setxattr(source.at("d/suid").c_str(), "user.k", "v", 1, 0), 0);
  const std::string capability(
      "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00",
      20);
  ASSERT_EQ(::setxattr(source.at("d/raw\xff\nname").c_str(), "security.capability",
                       capability.data(), capability.size(), 0),
            0);
  Result<Tree> tree = scan(source, nothing());
  ASSERT_OK(tree);
  EXPECT_EQ(tree->find("d/raw\xff\nname")->xattrs,
            (ir::Pairs{{"security.capability", capability}}));
  TreeEntry gone;
  gone.path = "gone";
  gone.type = EntryType::Whiteout;
  tree->entries.push_back(gone);
  sort_tree(*tree);

  for (const mode_t mask : {mode_t{0}, mode_t{077}}) {
    const TempDirectory target;
    const auto content = directory_content(source.path());
    ASSERT_OK(content);
    const mode_t previous = ::umask(mask);
    const Result<void> done = materialize(*tree, **content, target.path());
    ::umask(previous);
    ASSERT_OK(done);
    struct stat info {};
    ASSERT_EQ(::lstat(target.at("gone").c_str(), &info), 0);
    EXPECT_TRUE(S_ISCHR(info.st_mode) && info.st_rdev == 0);
    Result<Tree> again = scan(target, nothing());
    ASSERT_OK(again);
    again->entries.push_back(gone);
    sort_tree(*again);
    EXPECT_EQ(print_tree(*again), print_tree(*tree));
  }
}

TEST(Materialize, RefusesBytesThatAreNotThoseOfTheTree) {
  const TempDirectory source;
  source.write("f", "before");
  const Result<Tree> tree = scan(source, nothing());
  ASSERT_OK(tree);
  source.write("f", "after!");
  const TempDirectory target;
  const auto content = directory_content(source.path());
  ASSERT_OK(content);
  const Result<void> done = materialize(*tree, **content, target.path());
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::Corrupt);
  EXPECT_EQ(done.error().message, "f: changed while it was read");
}

// Directory order, number of threads, umask at creation and times take no part.
TEST(Scan, OneTreeHoweverTheFilesCameThere) {
  std::vector<std::string> names;
  names.reserve(60);
  for (int i = 0; i < 60; ++i) {
    names.push_back("d" + std::to_string(i % 7) + "/f" + std::to_string(i));
  }
  std::string first;
  for (const unsigned jobs : {1U, 2U, 5U}) {
    for (const char* where : {"/tmp", "/dev/shm"}) {
      const TempDirectory dir(where);
      ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
      for (const std::string& name : names) {
        dir.write(name, "content of " + name);
      }
      const Result<Tree> tree = scan(dir, nothing(), jobs);
      ASSERT_OK(tree);
      const std::string text = print_tree(*tree);
      EXPECT_TRUE(first.empty() || first == text);
      first = text;
      std::reverse(names.begin(), names.end());
    }
  }
}

}  // namespace
}  // namespace strata::backend
