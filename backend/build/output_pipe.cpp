// Reads what a RUN prints while it runs.
#include "backend/build/output_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr std::size_t kTail = std::size_t{64} << 10U;

}  // namespace

Result<std::unique_ptr<OutputPipe>> OutputPipe::open(Callback on_output) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return errno_error("pipe", errno);
  }
  std::unique_ptr<OutputPipe> pipe(new OutputPipe(std::move(on_output)));
  pipe->read_end_ = Fd(ends[0]);
  pipe->write_end_ = Fd(ends[1]);
  pipe->reader_ = std::thread([raw = pipe.get()] { raw->drain(); });
  return pipe;
}

OutputPipe::~OutputPipe() { finish(); }

void OutputPipe::drain() {
  std::array<char, 16384> buffer{};
  while (true) {
    const ssize_t count = ::read(read_end_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return;
    }
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
    on_output_(piece);
    tail_ += piece;
    if (tail_.size() > 2 * kTail) {
      tail_.erase(0, tail_.size() - kTail);
    }
  }
}

std::string OutputPipe::finish() {
  write_end_.reset();
  if (reader_.joinable()) {
    reader_.join();
  }
  return tail_.size() > kTail ? tail_.substr(tail_.size() - kTail) : tail_;
}

}  // namespace strata::backend
