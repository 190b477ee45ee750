// The progress views that only append: plain, JSON and none.
#include "driver/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "driver/console.h"
#include "driver/output_lines.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

using Clock = std::chrono::steady_clock;

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
  explicit Plain(std::vector<StepTitle> titles) : titles_(printable_titles(std::move(titles))) {}

  void step_started(ir::OpId step) override {
    const std::lock_guard lock(mutex_);
    started_[step] = Clock::now();
    draw(fmt::format("#{} {}\n", step.index, titles_[step.index].text));
  }

  void step_output(ir::OpId step, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    lines_of(step).feed(bytes);
  }

  void step_ended(ir::OpId step, backend::StepEnd end, double seconds,
                  std::uint64_t /*bytes*/) override {
    const std::lock_guard lock(mutex_);
    if (const auto lines = lines_.find(step); lines != lines_.end()) {
      lines->second.finish();
      lines_.erase(lines);
    }
    if (end == backend::StepEnd::Hit) {
      draw(fmt::format("#{} {} CACHED\n", step.index, titles_[step.index].text));
    } else {
      draw(fmt::format("#{} {} {:.1f}s\n", step.index, end_word(end), seconds));
    }
  }

  void notice(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    draw(fmt::format("-- {}\n", printable(message)));
  }

  void finish() override {}

 private:
  OutputLines& lines_of(ir::OpId step) {
    const auto found = lines_.find(step);
    return found != lines_.end()
               ? found->second
               : lines_
                     .emplace(step, OutputLines([this, step](const std::string& text) {
                                line(step, text);
                              }))
                     .first->second;
  }

  void line(ir::OpId step, const std::string& text) {
    const std::chrono::duration<double> since = Clock::now() - started_[step];
    draw(fmt::format("#{} {:.3f} {}\n", step.index, since.count(), text));
  }

  std::vector<StepTitle> titles_;
  std::mutex mutex_;
  std::map<ir::OpId, Clock::time_point> started_;
  std::map<ir::OpId, OutputLines> lines_;
};

// One JSON object a line.
class JsonLines final : public Progress {
 public:
  explicit JsonLines(std::vector<StepTitle> titles) : titles_(std::move(titles)) {}

  void step_started(ir::OpId step) override {
    const std::lock_guard lock(mutex_);
    write({{"event", "started"}, {"step", step.index}, {"title", titles_[step.index].text}});
  }
  void step_output(ir::OpId step, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    std::string& held = held_[step];
    held += bytes;
    const std::size_t whole = whole_characters(held);
    if (whole > 0) {
      write({{"event", "output"}, {"step", step.index}, {"text", held.substr(0, whole)}});
      held.erase(0, whole);
    }
  }
  void step_ended(ir::OpId step, backend::StepEnd end, double seconds,
                  std::uint64_t bytes) override {
    const std::lock_guard lock(mutex_);
    if (const auto held = held_.find(step); held != held_.end()) {
      if (!held->second.empty()) {
        write({{"event", "output"}, {"step", step.index}, {"text", held->second}});
      }
      held_.erase(held);
    }
    write({{"event", "ended"},
           {"step", step.index},
           {"title", titles_[step.index].text},
           {"result", end_word(end)},
           {"seconds", seconds},
           {"bytes", bytes}});
  }
  void notice(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    write({{"event", "notice"}, {"text", std::string(message)}});
  }
  void finish() override {}

 private:
  static void write(const nlohmann::ordered_json& json) {
    emit(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  }

  // How much of it ends no UTF-8 sequence in its middle.
  static std::size_t whole_characters(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
      const auto byte = static_cast<unsigned char>(text[text.size() - back]);
      if ((byte & 0xC0U) == 0xC0U) {
        const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        return length > back ? text.size() - back : text.size();
      }
      if ((byte & 0xC0U) != 0x80U) {
        break;
      }
    }
    return text.size();
  }

  std::vector<StepTitle> titles_;
  std::mutex mutex_;
  // The beginning of a character that the next piece ends.
  std::map<ir::OpId, std::string> held_;
};

bool can_draw() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

}  // namespace

std::vector<StepTitle> printable_titles(std::vector<StepTitle> titles) {
  for (StepTitle& title : titles) {
    title.text = printable(title.text);
  }
  return titles;
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
