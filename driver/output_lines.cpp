// A state machine over ECMA-48's escape sequences, as far as to know where each ends.
#include "driver/output_lines.h"

#include <fmt/format.h>

#include "ir/base/text.h"

namespace strata::driver {
namespace {

constexpr char kEscape = 0x1b;
constexpr char kBell = 0x07;
// Of one line.
constexpr std::size_t kShown = std::size_t{8} << 10;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

void erase_last_character(std::string& line) {
  while (!line.empty() && is_continuation(line.back())) {
    line.pop_back();
  }
  if (!line.empty()) {
    line.pop_back();
  }
}

}  // namespace

void OutputLines::feed(std::string_view bytes) {
  for (const char c : bytes) {
    take(c);
  }
}

void OutputLines::finish() {
  if (begun_) {
    end_line();
  }
}

void OutputLines::take(char c) {
  begun_ = true;
  if (c == '\n') {
    // However a sequence was cut, the next line is not lost with it.
    end_line();
    return;
  }
  switch (state_) {
    case State::Text:
      if (c == kEscape) {
        state_ = State::Escape;
      } else {
        take_text(c);
      }
      return;
    case State::Escape:
      if (c == '[') {
        state_ = State::Control;
      } else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
        state_ = State::String;
      } else if (c >= ' ' && c <= '/') {
        state_ = State::Intermediate;
      } else {
        state_ = State::Text;
      }
      return;
    case State::Intermediate:
      state_ = c >= ' ' && c <= '/' ? State::Intermediate : State::Text;
      return;
    case State::Control:
      state_ = c >= '@' && c <= '~' ? State::Text : State::Control;
      return;
    case State::String:
    case State::StringEscape:
      if (c == kBell || (state_ == State::StringEscape && c == '\\')) {
        state_ = State::Text;
      } else {
        state_ = c == kEscape ? State::StringEscape : State::String;
      }
      return;
  }
}

void OutputLines::take_text(char c) {
  if (returned_) {
    line_.clear();
    cut_off_ = 0;
    returned_ = false;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\r') {
    returned_ = true;
  } else if (c == '\b') {
    erase_last_character(line_);
  } else if (c == '\t' || (byte >= 0x20 && byte != 0x7F)) {
    if (line_.size() < kShown || (line_.size() < kShown + 3 && is_continuation(c))) {
      line_ += c;
    } else {
      ++cut_off_;
    }
  }
}

void OutputLines::end_line() {
  std::string text = printable(line_);
  if (cut_off_ > 0) {
    text += fmt::format(" … {} bytes more", cut_off_);
  }
  line_.clear();
  cut_off_ = 0;
  state_ = State::Text;
  returned_ = false;
  begun_ = false;
  on_line_(std::move(text));
}

std::vector<std::string> output_lines(std::string_view text) {
  std::vector<std::string> lines;
  OutputLines taken([&lines](std::string line) { lines.push_back(std::move(line)); });
  taken.feed(text);
  taken.finish();
  return lines;
}

}  // namespace strata::driver
