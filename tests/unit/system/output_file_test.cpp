// What the user names to be written: put in place whole, or not at all.
#include "backend/system/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/system/files.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

Result<void> write(const std::string& dest, std::string_view text, OutputFile::SameBytes same) {
  STRATA_ASSIGN(OutputFile file, OutputFile::open(dest));
  STRATA_TRY(file.write(text));
  return file.finish(same);
}

TEST(OutputFile, IsNotSeenBeforeItIsWhole) {
  const TempDirectory dir;
  dir.write("out", "old");
  {
    Result<OutputFile> file = OutputFile::open(dir.at("out"));
    ASSERT_OK(file);
    EXPECT_OK(file->write("half"));
    EXPECT_EQ(*read_file(dir.at("out")), "old");
  }
  EXPECT_EQ(*read_file(dir.at("out")), "old");
  EXPECT_EQ(list_directory(dir.path())->size(), 1U);
  EXPECT_OK(write(dir.at("out"), "new", OutputFile::SameBytes::Keep));
  EXPECT_EQ(*read_file(dir.at("out")), "new");
  EXPECT_EQ(list_directory(dir.path())->size(), 1U);
}

TEST(OutputFile, LeavesTheSameBytesAsTheyAre) {
  const TempDirectory dir;
  dir.write("out", "same");
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(::stat(dir.at("out").c_str(), &before), 0);
  EXPECT_OK(write(dir.at("out"), "same", OutputFile::SameBytes::Keep));
  ASSERT_EQ(::stat(dir.at("out").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_OK(write(dir.at("out"), "same", OutputFile::SameBytes::Replace));
  ASSERT_EQ(::stat(dir.at("out").c_str(), &after), 0);
  EXPECT_NE(before.st_ino, after.st_ino);
}

TEST(OutputFile, FollowsALinkAndReplacesNoPipe) {
  const TempDirectory dir;
  dir.write("target", "old");
  dir.symlink("target", "link");
  EXPECT_OK(write(dir.at("link"), "new", OutputFile::SameBytes::Replace));
  EXPECT_EQ(*read_file(dir.at("target")), "new");
  ASSERT_EQ(::mkfifo(dir.at("pipe").c_str(), 0600), 0);
  const Fd reader(::open(dir.at("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_OK(write(dir.at("pipe"), "text", OutputFile::SameBytes::Keep));
  EXPECT_EQ(*read_all(reader, "pipe"), "text");
  struct stat info {};
  ASSERT_EQ(::lstat(dir.at("pipe").c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
}

TEST(OutputFile, ADirectoryIsWrongInput) {
  const TempDirectory dir;
  const Result<OutputFile> file = OutputFile::open(dir.path());
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::Input);
}

}  // namespace
}  // namespace strata::backend
