// The progress views that only append: plain, JSON and none.
#include "driver/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

namespace strata::driver {
namespace {

using Clock = std::chrono::steady_clock;

void put(const std::string& text) { (void)std::fwrite(text.data(), 1, text.size(), stderr); }

std::string_view end_word(backend::StepEnd end) {
  switch (end) {
    case backend::StepEnd::Hit:
      return "CACHED";
    case backend::StepEnd::Ran:
      return "DONE";
    case backend::StepEnd::Failed:
      return "ERROR";
    case backend::StepEnd::Interrupted:
      return "CANCELED";
  }
  return "";
}

class Quiet final : public Progress {
 public:
  void step_started(ir::OpId /*step*/) override {}
  void step_output(ir::OpId /*step*/, std::string_view /*bytes*/) override {}
  void step_ended(ir::OpId /*step*/, backend::StepEnd /*end*/, double /*seconds*/,
                  std::uint64_t /*bytes*/) override {}
  void notice(std::string_view /*message*/) override {}
  void finish() override {}
};

// One line an event, steps named by number: what CI logs keep.
class Plain final : public Progress {
 public:
  explicit Plain(std::vector<StepTitle> titles) : titles_(std::move(titles)) {}

  void step_started(ir::OpId step) override {
    const std::lock_guard lock(mutex_);
    started_[step] = Clock::now();
    put(fmt::format("#{} {}\n", step.index, titles_[step.index].text));
  }

  void step_output(ir::OpId step, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    std::string& held = held_[step];
    held += bytes;
    for (std::size_t end = held.find('\n'); end != std::string::npos; end = held.find('\n')) {
      line(step, held.substr(0, end));
      held.erase(0, end + 1);
    }
  }

  void step_ended(ir::OpId step, backend::StepEnd end, double seconds,
                  std::uint64_t /*bytes*/) override {
    const std::lock_guard lock(mutex_);
    if (!held_[step].empty()) {
      line(step, held_[step]);
      held_.erase(step);
    }
    if (end == backend::StepEnd::Hit) {
      put(fmt::format("#{} {} CACHED\n", step.index, titles_[step.index].text));
    } else {
      put(fmt::format("#{} {} {:.1f}s\n", step.index, end_word(end), seconds));
    }
  }

  void notice(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    put(fmt::format("-- {}\n", message));
  }

  void finish() override {}

 private:
  void line(ir::OpId step, const std::string& text) {
    const std::chrono::duration<double> since = Clock::now() - started_[step];
    put(fmt::format("#{} {:.3f} {}\n", step.index, since.count(), printable(text)));
  }

  std::vector<StepTitle> titles_;
  std::mutex mutex_;
  std::map<ir::OpId, Clock::time_point> started_;
  std::map<ir::OpId, std::string> held_;
};

// One JSON object a line.
class JsonLines final : public Progress {
 public:
  explicit JsonLines(std::vector<StepTitle> titles) : titles_(std::move(titles)) {}

  void step_started(ir::OpId step) override {
    write({{"event", "started"}, {"step", step.index}, {"title", titles_[step.index].text}});
  }
  void step_output(ir::OpId step, std::string_view bytes) override {
    write({{"event", "output"}, {"step", step.index}, {"text", std::string(bytes)}});
  }
  void step_ended(ir::OpId step, backend::StepEnd end, double seconds,
                  std::uint64_t bytes) override {
    write({{"event", "ended"},
           {"step", step.index},
           {"title", titles_[step.index].text},
           {"result", end_word(end)},
           {"seconds", seconds},
           {"bytes", bytes}});
  }
  void notice(std::string_view message) override {
    write({{"event", "notice"}, {"text", std::string(message)}});
  }
  void finish() override {}

 private:
  void write(const nlohmann::ordered_json& json) {
    const std::lock_guard lock(mutex_);
    put(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  }

  std::vector<StepTitle> titles_;
  std::mutex mutex_;
};

bool can_draw() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

}  // namespace

std::string printable(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if (byte == 0x1b) {
      // CSI: up to its final byte; any other escape: its one following byte.
      if (i + 1 < line.size() && line[i + 1] == '[') {
        i += 2;
        while (i < line.size() && (line[i] < '@' || line[i] > '~')) {
          ++i;
        }
      } else {
        ++i;
      }
    } else if (byte == '\r') {
      // A progress bar redraws its line: the last state is what counts.
      if (i + 1 < line.size()) {
        text.clear();
      }
    } else if (byte == '\t') {
      text += ' ';
    } else if (byte >= 0x20 && byte != 0x7f) {
      text += line[i];
    }
  }
  return text;
}

std::unique_ptr<Progress> make_progress(ProgressKind kind, std::vector<StepTitle> titles) {
  switch (kind) {
    case ProgressKind::Auto:
      return can_draw() ? make_tty_progress(std::move(titles))
                        : std::make_unique<Plain>(std::move(titles));
    case ProgressKind::Tty:
      return make_tty_progress(std::move(titles));
    case ProgressKind::Plain:
      return std::make_unique<Plain>(std::move(titles));
    case ProgressKind::Json:
      return std::make_unique<JsonLines>(std::move(titles));
    case ProgressKind::Quiet:
      return std::make_unique<Quiet>();
  }
  return std::make_unique<Quiet>();
}

}  // namespace strata::driver
