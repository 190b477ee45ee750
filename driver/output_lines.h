#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace strata::driver {

// Makes lines that a terminal may show of what a process prints, piece by piece: printable, without
// escape sequences, colours included (as ninja's in a log); of a line that is drawn again and again
// its last state; of a very long one its beginning and how much more there was. Takes time linear
// in the bytes, and memory for one line shown.
class OutputLines {
 public:
  explicit OutputLines(std::function<void(std::string)> on_line) : on_line_(std::move(on_line)) {}

  void feed(std::string_view bytes);
  // Hands out what no line break has ended.
  void finish();

 private:
  // Where in an escape sequence the next byte stands.
  enum class State { Text, Escape, Intermediate, Control, String, StringEscape };

  void take(char c);
  void take_text(char c);
  void end_line();

  std::function<void(std::string)> on_line_;
  State state_ = State::Text;
  std::string line_;
  std::size_t cut_off_ = 0;
  // A carriage return: a line break of the other kind, or the line is drawn again.
  bool returned_ = false;
  bool begun_ = false;
};

// The same of a whole text.
[[nodiscard]] std::vector<std::string> output_lines(std::string_view text);

}  // namespace strata::driver
