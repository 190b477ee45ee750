// Files: removal of hostile trees, durable writes, errors that name their object.
#include "backend/system/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "backend/system/beneath.h"
#include "backend/system/interrupt.h"
#include "backend/system/parallel.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

TEST(Files, ErrorsNameThePathAndTheirKind) {
  const Result<std::string> missing = read_file("/nowhere/x");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_EQ(missing.error().message, "/nowhere/x: no such file or directory");
  EXPECT_EQ(errno_error("x", ENOSPC).code, ErrorCode::NoSpace);
  EXPECT_EQ(errno_error("x", EACCES).code, ErrorCode::Machine);
  EXPECT_EQ(errno_error("x", EIO).code, ErrorCode::Io);
}

TEST(Files, WriteReadListCopy) {
  const TempDirectory dir;
  const std::string data(300'000, 'x');
  EXPECT_OK(write_file_durably(dir.at("b"), data));
  EXPECT_OK(write_file_durably(dir.at("b"), data + "y"));
  EXPECT_OK(copy_file(dir.at("b"), dir.at("a")));
  const Result<std::string> read = read_file(dir.at("a"));
  ASSERT_OK(read);
  EXPECT_EQ(*read, data + "y");
  const Result<std::vector<std::string>> names = list_directory(dir.path());
  ASSERT_OK(names);
  EXPECT_EQ(*names, (std::vector<std::string>{"a", "b"}));
}

TEST(Files, AnAbsolutePathHasNoLinks) {
  const TempDirectory dir;
  EXPECT_OK(make_directories(dir.at("there")));
  ASSERT_EQ(::symlink("there", dir.at("link").c_str()), 0);
  const Result<std::string> there = absolute_path(dir.at("there"));
  const Result<std::string> link = absolute_path(dir.at("link/../link/."));
  ASSERT_OK(there);
  ASSERT_OK(link);
  EXPECT_EQ(*link, *there);
  EXPECT_EQ(absolute_path(dir.at("nothing")).error().code, ErrorCode::NotFound);
}

TEST(Files, ARegularFileIsOpenedAndNothingElse) {
  const TempDirectory dir;
  EXPECT_OK(write_file_durably(dir.at("file"), "text"));
  EXPECT_OK(open_regular_file(dir.at("file")));
  EXPECT_EQ(open_regular_file(dir.at("missing")).error().code, ErrorCode::NotFound);
  ASSERT_EQ(::mkfifo(dir.at("fifo").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("file", dir.at("link").c_str()), 0);
  EXPECT_OK(make_directories(dir.at("directory")));
  for (const std::string& path :
       {dir.at("fifo"), dir.at("link"), dir.at("directory"), std::string("/dev/zero")}) {
    EXPECT_EQ(open_regular_file(path).error().code, ErrorCode::Corrupt) << path;
  }
}

TEST(Files, ReadsFilesWhoseSizeIsNotKnown) {
  const Result<std::string> text = read_file("/proc/self/status");
  ASSERT_OK(text);
  EXPECT_NE(text->find("Pid:"), std::string::npos);
}

TEST(Files, ReadFileReadsRegularFilesAlone) {
  const TempDirectory dir;
  ASSERT_EQ(::mkfifo(dir.at("pipe").c_str(), 0600), 0);
  dir.socket("socket");
  dir.symlink("/dev/zero", "link");
  const std::vector<std::pair<std::string, std::string>> kinds = {{dir.at("pipe"), "a pipe"},
                                                                  {dir.at("socket"), "a socket"},
                                                                  {dir.at("link"), "a device"},
                                                                  {dir.path(), "a directory"}};
  for (const auto& [path, kind] : kinds) {
    const Result<std::string> text = read_file(path);
    ASSERT_FALSE(text.ok()) << path;
    EXPECT_EQ(text.error().code, ErrorCode::Input);
    EXPECT_EQ(text.error().message,
              std::string(path).append(": is ").append(kind).append(", not a file"));
  }
}

TEST(Files, ReadingStopsAtItsLimit) {
  const TempDirectory dir;
  dir.write("small", "1234");
  EXPECT_EQ(*read_file(dir.at("small"), 4), "1234");
  EXPECT_EQ(read_file(dir.at("small"), 3).error().code, ErrorCode::Input);
  // Sparse: nothing of it may be read, or memory taken for it.
  ASSERT_EQ(::truncate(dir.at("small").c_str(), off_t{1} << 40), 0);
  EXPECT_EQ(read_file(dir.at("small"), kMaxText).error().message,
            dir.at("small") + ": has more than 67108864 bytes");
  const Fd zeros(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(read_all(zeros, "zeros", 100'000).error().code, ErrorCode::Input);
}

// In a child, since a wish to stop stays.
TEST(FilesDeathTest, CopyingAndWaitingEndAtAWishToStop) {
  const TempDirectory dir;
  dir.write("from", "1234");
  ASSERT_EQ(::mkfifo(dir.at("pipe").c_str(), 0600), 0);
  const Fd pipe(::open(dir.at("pipe").c_str(), O_RDWR | O_CLOEXEC));
  const auto code = [](const auto& result) {
    return result.ok() ? ErrorCode::Io : result.error().code;
  };
  EXPECT_EXIT(
      {
        request_interrupt();
        const bool all =
            code(copy_file(dir.at("from"), dir.at("to"))) == ErrorCode::Interrupted &&
            code(read_all(pipe, "pipe")) == ErrorCode::Interrupted &&
            code(write_interruptibly(pipe.get(), "x", "pipe")) == ErrorCode::Interrupted &&
            code(run_parallel(2, 100, [](std::size_t) { return Result<void>(); })) ==
                ErrorCode::Interrupted;
        std::exit(all ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Files, RemoveTreeFollowsNoLinkAndNeedsNoPermission) {
  const TempDirectory dir;
  dir.write("outside/kept", "x");
  dir.write("tree/sub/file", "x");
  dir.symlink("../outside", "tree/link");
  dir.symlink("../../outside", "tree/sub/link");
  ASSERT_EQ(::chmod(dir.at("tree/sub").c_str(), 0), 0);
  EXPECT_OK(remove_tree(dir.at("tree")));
  EXPECT_FALSE(exists(dir.at("tree")));
  EXPECT_TRUE(exists(dir.at("outside/kept")));
  EXPECT_OK(remove_tree(dir.at("tree")));
  dir.symlink("outside", "link");
  EXPECT_OK(remove_tree(dir.at("link")));
  EXPECT_TRUE(exists(dir.at("outside/kept")));
}

TEST(Files, RemoveTreeGoesDeeperThanAPathCan) {
  const TempDirectory dir;
  dir.directory("top");
  Fd at(::open(dir.at("top").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name(100, 'd');
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
    at = Fd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at.valid());
  }
  EXPECT_OK(remove_tree(dir.at("top")));
  EXPECT_FALSE(exists(dir.at("top")));
}

TEST(Files, OpenBeneathRefusesLinksAndParents) {
  const TempDirectory dir;
  dir.write("root/a/file", "x");
  dir.write("secret", "s");
  dir.symlink("a", "root/link");
  dir.symlink("../secret", "root/out");
  const Fd root(::open(dir.at("root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(open_beneath(root.get(), "a/file", O_RDONLY).valid());
  EXPECT_TRUE(open_beneath(root.get(), "", O_RDONLY | O_DIRECTORY).valid());
  EXPECT_FALSE(open_beneath(root.get(), "link/file", O_RDONLY).valid());
  EXPECT_FALSE(open_beneath(root.get(), "out", O_RDONLY).valid());
  EXPECT_FALSE(open_beneath(root.get(), "../secret", O_RDONLY).valid());
  EXPECT_FALSE(open_beneath(root.get(), "/etc/passwd", O_RDONLY).valid());
}

TEST(Parallel, RunsAllAndReportsTheLowestFailure) {
  for (const unsigned jobs : {1U, 2U, 7U}) {
    std::atomic<int> sum{0};
    EXPECT_OK(run_parallel(jobs, 1000, [&](std::size_t i) -> Result<void> {
      sum += static_cast<int>(i);
      return {};
    }));
    EXPECT_EQ(sum, 499500);
    const Result<void> failed = run_parallel(jobs, 1000, [](std::size_t i) -> Result<void> {
      if (i % 100 == 77) {
        return Error{ErrorCode::Io, std::to_string(i)};
      }
      return {};
    });
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().message, "77");
  }
}

}  // namespace
}  // namespace strata::backend
