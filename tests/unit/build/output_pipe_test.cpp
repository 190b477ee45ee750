// The end of a RUN's output.
#include "backend/build/output_pipe.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

TEST(OutputPipe, EverythingIsReadAndTheLastOfItKept) {
  std::string seen;
  auto pipe = OutputPipe::open([&](std::string_view bytes) { seen += bytes; });
  ASSERT_TRUE(pipe.ok());
  const std::string text = std::string(200'000, 'a') + "end";
  ASSERT_TRUE(write_all((*pipe)->write_end(), text, "pipe").ok());
  const std::string tail = (*pipe)->finish();
  EXPECT_EQ(seen, text);
  EXPECT_EQ(tail, text.substr(text.size() - 65536));
}

// A process may have given its output to one that outlives it, over a socket.
TEST(OutputPipe, SomeoneElseWhoKeepsThePipeOpenIsNotWaitedFor) {
  std::string seen;
  auto pipe = OutputPipe::open([&](std::string_view bytes) { seen += bytes; });
  ASSERT_TRUE(pipe.ok());
  const Fd kept(::dup((*pipe)->write_end().get()));
  ASSERT_TRUE(write_all(kept, "last words", "pipe").ok());
  EXPECT_EQ((*pipe)->finish(), "last words");
  EXPECT_EQ(seen, "last words");
}

TEST(OutputPipe, SomeoneElseWhoFillsThePipeForEverIsNotHeardForEver) {
  std::atomic<std::size_t> seen = 0;
  auto pipe = OutputPipe::open([&](std::string_view bytes) { seen += bytes.size(); });
  ASSERT_TRUE(pipe.ok());
  Fd kept(::dup((*pipe)->write_end().get()));
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
  std::thread writer([&] {
    const std::string text(4096, 'x');
    // Until the reading end is gone.
    while (::write(kept.get(), text.data(), text.size()) > 0) {
    }
  });
  while (seen < 65536) {
    std::this_thread::yield();
  }
  EXPECT_EQ((*pipe)->finish().size(), 65536U);
  pipe->reset();
  writer.join();
}

}  // namespace
}  // namespace strata::backend
