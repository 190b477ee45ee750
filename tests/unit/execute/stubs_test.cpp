// Mount points that a root lacks, or has as something else: made for a run, gone after it.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <filesystem>

#include "backend/system/files.h"
#include "execute_fixture.h"

namespace strata::backend {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

struct stat status_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

class StubsTest : public ExecuteTest {
 protected:
  // A lower of its own over the programs.
  RunSpec over(const std::string& lower, const std::string& script) {
    RunSpec spec = shell(script);
    spec.lowers.push_back(lower);
    return spec;
  }
};

TEST_F(StubsTest, complete_roots_are_left_alone) {
  start();
  const std::string lower = directory("lower");
  for (const char* name : {"/proc", "/sys", "/dev", "/etc"}) {
    fs::create_directory(lower + name);
  }
  write(lower + "/etc/resolv.conf", "image\n");
  write(lower + "/etc/hosts", "image\n");
  const RunSpec spec = over(lower, "true");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(upper(spec), Lines());
  EXPECT_EQ(*read_file(lower + "/etc/hosts"), "image\n");
}

TEST_F(StubsTest, a_directory_copied_up_for_a_stub_goes_again) {
  start();
  const std::string lower = directory("lower");
  write(lower + "/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
  ASSERT_EQ(::chmod((lower + "/etc").c_str(), 0711), 0);
  ASSERT_EQ(::setxattr((lower + "/etc").c_str(), "user.kept", "1", 1, 0), 0);
  const RunSpec spec = over(lower, "stat -c %a /etc");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "711\n");
  EXPECT_EQ(upper(spec), Lines());
}

TEST_F(StubsTest, a_changed_parent_keeps_the_change_alone) {
  start();
  const std::string lower = directory("lower");
  write(lower + "/etc/passwd", "x\n");
  const RunSpec mode = over(lower, "chmod 700 /etc");
  ASSERT_TRUE(run(mode).ok());
  EXPECT_EQ(upper(mode), (Lines{"d etc"}));
  EXPECT_EQ(status_of(mode.scratch + "/upper/etc").st_mode & 07777U, 0700U);
  const RunSpec file = over(lower, "echo y > /etc/new");
  ASSERT_TRUE(run(file).ok());
  EXPECT_EQ(upper(file), (Lines{"d etc", "f etc/new"}));
  const RunSpec times = over(lower, "touch -d @1000000000 /etc");
  ASSERT_TRUE(run(times).ok());
  EXPECT_EQ(upper(times), (Lines{"d etc"}));
  EXPECT_EQ(status_of(times.scratch + "/upper/etc").st_mtim.tv_sec, 1000000000);
}

TEST_F(StubsTest, a_parent_that_was_made_stays_only_with_content) {
  start();
  const RunSpec spec = shell("echo y > /etc/new");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(upper(spec), (Lines{"d etc", "f etc/new"}));
  const RunSpec gone = shell("echo y > /etc/new; rm /etc/new");
  ASSERT_TRUE(run(gone).ok());
  EXPECT_EQ(upper(gone), Lines());
}

TEST_F(StubsTest, symlinks_at_mount_points_lead_nowhere) {
  start();
  const std::string outside = directory("outside");
  write(outside + "/victim", "untouched\n");
  const std::string lower = directory("lower");
  fs::create_directory(lower + "/etc");
  for (const char* name : {"/proc", "/sys", "/dev"}) {
    fs::create_symlink(outside, lower + name);
  }
  fs::create_symlink(outside + "/victim", lower + "/etc/resolv.conf");
  fs::create_symlink("../../../../../.." + outside + "/new", lower + "/etc/hosts");
  const auto times = status_of(lower + "/etc").st_mtim;
  const RunSpec spec =
      over(lower,
           "cat /proc/self/stat > /dev/null && test -c /dev/null && test -d /sys/kernel &&"
           " test ! -L /etc/hosts && echo fine");
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(output_, "fine\n");
  // The symlinks are the image's again: nothing in the upper hides them.
  EXPECT_EQ(upper(spec), Lines());
  EXPECT_EQ(*list_directory(outside), (Lines{"victim"}));
  EXPECT_EQ(*read_file(outside + "/victim"), "untouched\n");
  EXPECT_EQ(status_of(lower + "/etc").st_mtim.tv_nsec, times.tv_nsec);
}

TEST_F(StubsTest, files_at_mount_points) {
  start();
  const std::string lower = directory("lower");
  write(lower + "/proc", "a file");
  write(lower + "/sys", "a file");
  fs::create_directories(lower + "/etc/resolv.conf/d");
  const RunSpec spec = over(lower, "test -d /proc/self && test -d /etc/resolv.conf/d && echo fine");
  const auto outcome = run(spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(output_, "fine\n");
  EXPECT_EQ(upper(spec), Lines());
}

TEST_F(StubsTest, special_files_at_mount_points_give_way_and_are_back) {
  for (const char* runtime : {"runc", "crun"}) {
    start(runtime);
    const std::string lower = directory(std::string("lower-") + runtime);
    fs::create_directories(lower + "/etc");
    ASSERT_EQ(::mkfifo((lower + "/etc/resolv.conf").c_str(), 0644), 0);
    ASSERT_EQ(::mknod((lower + "/etc/hosts").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
    ASSERT_EQ(::mkfifo((lower + "/etc/bound").c_str(), 0644), 0);
    RunSpec spec = over(lower, "test -f /etc/hosts && test -f /etc/resolv.conf && cat /etc/bound");
    write(path_ + "/source", "bound\n");
    spec.binds = {{.source = path_ + "/source", .target = "/etc/bound"}};
    const auto outcome = run(spec);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(output_, "bound\n");
    EXPECT_EQ(upper(spec), Lines());
    executor_.reset();
  }
}

TEST_F(StubsTest, etc_that_is_a_link_is_followed_inside_the_root) {
  start();
  const std::string lower = directory("lower");
  fs::create_directories(lower + "/usr/etc");
  fs::create_symlink("/usr/etc", lower + "/etc");
  const RunSpec spec = over(lower, "test -e /usr/etc/hosts && echo fine");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "fine\n");
  EXPECT_EQ(upper(spec), Lines());
  // Where it leads nowhere, or is no directory, the run does without.
  const std::string dangling = directory("dangling");
  fs::create_symlink("/no/where", dangling + "/etc");
  const RunSpec without = over(dangling, "readlink /etc");
  ASSERT_TRUE(run(without).ok());
  EXPECT_EQ(output_, "/no/where\n");
  EXPECT_EQ(upper(without), Lines());
  const std::string file = directory("file");
  write(file + "/etc", "");
  const RunSpec plain = over(file, "true");
  const auto outcome = run(plain);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(upper(plain), Lines());
}

TEST_F(StubsTest, bind_targets_through_links_stay_inside_the_root) {
  start();
  const std::string outside = directory("outside");
  const std::string lower = directory("lower");
  fs::create_directory(lower + "/run");
  fs::create_directory(lower + "/var");
  fs::create_symlink("/run", lower + "/var/run");
  fs::create_symlink(outside, lower + "/escape");
  const std::string source = directory("source");
  write(source + "/file", "bound\n");
  RunSpec spec = over(lower, "cat /run/tool/cache/file");
  spec.binds = {{.source = source, .target = "/var/run/tool/cache"}};
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(output_, "bound\n");
  EXPECT_EQ(upper(spec), Lines());
  RunSpec escaping = over(lower, "true");
  escaping.binds = {{.source = source, .target = "/escape/x"}};
  const auto refused = run(escaping);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Input) << refused.error().message;
  EXPECT_EQ(*list_directory(outside), Lines());
  EXPECT_EQ(upper(escaping), Lines());
  RunSpec dots = over(lower, "cat /file");
  dots.binds = {{.source = source + "/file", .target = "/var/../../../file"}};
  ASSERT_TRUE(run(dots).ok());
  EXPECT_EQ(output_, "bound\n");
  EXPECT_EQ(upper(dots), Lines());
}

TEST_F(StubsTest, what_the_process_put_in_a_stubs_place_stays) {
  start();
  // The mount points themselves are busy, but what is around them can be changed.
  const std::string lower = directory("lower");
  fs::create_directory(lower + "/a");
  RunSpec spec = over(lower, "echo mine > /a/b/c/mine; chmod 700 /a/b");
  spec.binds = {{.source = directory("source"), .target = "/a/b/c/target"}};
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(upper(spec), (Lines{"d a", "d a/b", "d a/b/c", "f a/b/c/mine"}));
}

TEST_F(StubsTest, whiteouts_of_the_process_stay) {
  start();
  const std::string lower = directory("lower");
  write(lower + "/etc/passwd", "x\n");
  const RunSpec spec = over(lower, "rm /etc/passwd");
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(upper(spec), (Lines{"c etc/passwd", "d etc"}));
}

}  // namespace
}  // namespace strata::backend
