// Reads what a RUN prints while it runs.
#include "backend/build/output_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr std::size_t kTail = std::size_t{64} << 10U;
// More than a pipe holds: what comes after it was written after the end.
constexpr std::size_t kMostAfterTheEnd = std::size_t{4} << 20U;

}  // namespace

Result<std::unique_ptr<OutputPipe>> OutputPipe::open(Callback on_output) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return errno_error("pipe", errno);
  }
  std::unique_ptr<OutputPipe> pipe(new OutputPipe(std::move(on_output)));
  pipe->read_end_ = Fd(ends[0]);
  pipe->write_end_ = Fd(ends[1]);
  pipe->ended_ = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!pipe->ended_.valid() || ::fcntl(pipe->read_end_.get(), F_SETFL, O_NONBLOCK) != 0) {
    return errno_error("pipe", errno);
  }
  pipe->reader_ = std::thread([raw = pipe.get()] { raw->drain(); });
  return pipe;
}

OutputPipe::~OutputPipe() { finish(); }

// How much there was: 0 at the end, nullopt when there is nothing at the moment.
std::optional<std::size_t> OutputPipe::take() {
  std::array<char, 16384> buffer{};
  ssize_t count = -1;
  do {
    count = ::read(read_end_.get(), buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    return errno == EAGAIN ? std::nullopt : std::optional<std::size_t>(0);
  }
  const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
  if (!piece.empty()) {
    on_output_(piece);
  }
  tail_ += piece;
  if (tail_.size() > 2 * kTail) {
    tail_.erase(0, tail_.size() - kTail);
  }
  return piece.size();
}

void OutputPipe::drain() {
  std::array<pollfd, 2> ready = {pollfd{.fd = read_end_.get(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = ended_.get(), .events = POLLIN, .revents = 0}};
  while (ready[1].revents == 0) {
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (ready[0].revents != 0 && take() == 0U) {
      return;
    }
  }
  // The processes are gone, so all that they wrote is in the pipe. A descriptor that one of them
  // gave away may keep it open, and filling, for ever.
  for (std::size_t taken = 0; taken < kMostAfterTheEnd;) {
    const auto more = take();
    if (!more || *more == 0) {
      return;
    }
    taken += *more;
  }
}

std::string OutputPipe::finish() {
  write_end_.reset();
  if (reader_.joinable()) {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(ended_.get(), &one, sizeof one));
    reader_.join();
  }
  return tail_.size() > kTail ? tail_.substr(tail_.size() - kTail) : tail_;
}

}  // namespace strata::backend
