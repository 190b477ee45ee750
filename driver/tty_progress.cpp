// The live view: finished steps scroll away above, running ones are redrawn below with their time
// and latest output.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "driver/console.h"
#include "driver/output_lines.h"
#include "driver/progress.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kOutputLines = 5;

constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kCyan = "\x1b[36m";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kReset = "\x1b[0m";

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) {
    return size.ws_col;
  }
  return 80;
}

// At most `width` columns; counts UTF-8 code points, which is near enough for what processes print.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && ++columns > width) {
      return text.substr(0, i);
    }
  }
  return text;
}

class Tty final : public Progress {
 public:
  explicit Tty(std::vector<StepTitle> titles)
      : titles_(printable_titles(std::move(titles))), ticker_([this] { tick(); }) {}
  ~Tty() override { finish(); }

  void step_started(ir::OpId step) override {
    const std::lock_guard lock(mutex_);
    running_[step].start = Clock::now();
    redraw();
  }

  void step_output(ir::OpId step, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    running_[step].output.feed(bytes);
  }

  void step_ended(ir::OpId step, backend::StepEnd end, double seconds,
                  std::uint64_t /*bytes*/) override {
    const std::lock_guard lock(mutex_);
    running_.erase(step);
    erase();
    print_end(step, end, seconds);
    redraw();
  }

  void notice(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    erase();
    draw(fmt::format("{}   {}{}\n", kDim, cut(printable(message), terminal_width() - 4), kReset));
    redraw();
  }

  void finish() override {
    {
      const std::lock_guard lock(mutex_);
      if (done_) {
        return;
      }
      done_ = true;
      erase();
    }
    wake_.notify_all();
    ticker_.join();
  }

 private:
  struct Running {
    Clock::time_point start;
    std::deque<std::string> lines;
    OutputLines output{[this](std::string line) {
      lines.push_back(std::move(line));
      if (lines.size() > kOutputLines) {
        lines.pop_front();
      }
    }};
  };

  void print_end(ir::OpId step, backend::StepEnd end, double seconds) {
    const std::size_t width = terminal_width() - 12;
    const std::string title = cut(titles_[step.index].text, width);
    switch (end) {
      case backend::StepEnd::Hit:
        draw(fmt::format("{} ✔ {}{} {}cached{}\n", kGreen, kReset, title, kDim, kReset));
        break;
      case backend::StepEnd::Ran:
        draw(fmt::format("{} ✔ {}{} {}{:.1f}s{}\n", kGreen, kReset, title, kDim, seconds, kReset));
        break;
      case backend::StepEnd::Failed:
        draw(fmt::format("{} ✘ {}{} {:.1f}s\n", kRed, title, kReset, seconds));
        break;
      case backend::StepEnd::Interrupted:
        draw(fmt::format("{} ✘ {}{} stopped\n", kRed, title, kReset));
        break;
    }
  }

  // Removes the running part from the screen.
  void erase() {
    if (drawn_ > 0) {
      draw(fmt::format("\x1b[{}A\x1b[J", drawn_));
      drawn_ = 0;
    }
  }

  void redraw() {
    if (done_) {
      return;
    }
    std::string text = drawn_ > 0 ? fmt::format("\x1b[{}A\x1b[J", drawn_) : "";
    drawn_ = 0;
    const std::size_t width = terminal_width();
    for (const auto& [step, run] : running_) {
      const std::chrono::duration<double> since = Clock::now() - run.start;
      text += fmt::format("{} ▸ {}{} {:.1f}s\n", kCyan, kReset,
                          cut(titles_[step.index].text, width - 12), since.count());
      ++drawn_;
      for (const std::string& line : run.lines) {
        text += fmt::format("{}     {}{}\n", kDim, cut(line, width - 6), kReset);
        ++drawn_;
      }
    }
    draw(text);
  }

  void tick() {
    std::unique_lock lock(mutex_);
    while (!done_) {
      wake_.wait_for(lock, std::chrono::milliseconds(100));
      if (!running_.empty()) {
        redraw();
      }
    }
  }

  std::vector<StepTitle> titles_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<ir::OpId, Running> running_;
  std::size_t drawn_ = 0;
  bool done_ = false;
  std::thread ticker_;
};

}  // namespace

std::unique_ptr<Progress> make_tty_progress(std::vector<StepTitle> titles) {
  return std::make_unique<Tty>(std::move(titles));
}

}  // namespace strata::driver
