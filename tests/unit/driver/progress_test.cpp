// What of a process's output reaches the terminal.
#include "driver/progress.h"

#include <gtest/gtest.h>

namespace strata::driver {
namespace {

TEST(Printable, RemovesEscapeSequencesAndControlCharacters) {
  EXPECT_EQ(printable("\x1b[1;31mred\x1b[0m"), "red");
  EXPECT_EQ(printable("a\x1b]b"), "ab");
  EXPECT_EQ(printable("bell\x07 del\x7f"), "bell del");
  EXPECT_EQ(printable("tab\tbed"), "tab bed");
}

TEST(Printable, KeepsTheLastStateOfAProgressBar) {
  EXPECT_EQ(printable("10%\r50%\r100%"), "100%");
  // A line break of the other kind is no redraw.
  EXPECT_EQ(printable("dos line\r"), "dos line");
}

TEST(Printable, KeepsOtherBytesAndSurvivesCutSequences) {
  EXPECT_EQ(printable("Ünïcode ✔"), "Ünïcode ✔");
  EXPECT_EQ(printable("cut\x1b["), "cut");
  EXPECT_EQ(printable("cut\x1b"), "cut");
}

}  // namespace
}  // namespace strata::driver
