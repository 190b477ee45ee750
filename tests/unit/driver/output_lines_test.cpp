// What of a process's output reaches the terminal.
#include "driver/output_lines.h"

#include <gtest/gtest.h>

namespace strata::driver {
namespace {

using Lines = std::vector<std::string>;

TEST(OutputLines, HaveNoEscapeSequencesAndControlCharacters) {
  EXPECT_EQ(output_lines("\x1b[1;31mred\x1b[0m\n"), Lines{"red"});
  EXPECT_EQ(output_lines("bell\x07 del\x7f\n"), Lines{"bell del"});
  EXPECT_EQ(output_lines("tab\tbed\n"), Lines{"tab bed"});
  EXPECT_EQ(output_lines("a\x1b(Bb\x1b=c\n"), Lines{"abc"});
  EXPECT_EQ(output_lines("\x1b]0;title\x07title \x1bPq#0\x1b\\drawing\n"), Lines{"title drawing"});
}

TEST(OutputLines, HaveNoC1ControlsRawOrAsUtf8) {
  EXPECT_EQ(output_lines("raw \x9b"
                         "31m\n"),
            Lines{"raw ?31m"});
  EXPECT_EQ(output_lines("utf-8 \xc2\x9b"
                         "31m\xc2\x90q\n"),
            Lines{"utf-8 ?31m?q"});
  EXPECT_EQ(output_lines("spoofed \xe2\x80\xaetxt.exe\n"), Lines{"spoofed ?txt.exe"});
}

TEST(OutputLines, AreTheLastStateOfAProgressBar) {
  EXPECT_EQ(output_lines("10%\r50%\r100%\n"), Lines{"100%"});
  EXPECT_EQ(output_lines("work |\b/\b-\n"), Lines{"work -"});
  // A line break of the other kind is no redraw.
  EXPECT_EQ(output_lines("dos line\r\nnext"), (Lines{"dos line", "next"}));
}

TEST(OutputLines, KeepOtherBytesAndSurviveCutSequences) {
  EXPECT_EQ(output_lines("Ünïcode ✔\n"), Lines{"Ünïcode ✔"});
  EXPECT_EQ(output_lines("cut\x1b[\nnext\n"), (Lines{"cut", "next"}));
  EXPECT_EQ(output_lines("cut\x1b]0;title\nnext\n"), (Lines{"cut", "next"}));
  EXPECT_EQ(output_lines("cut\x1b"), Lines{"cut"});
  EXPECT_EQ(output_lines("\n\n"), (Lines{"", ""}));
  EXPECT_EQ(output_lines(""), Lines{});
}

TEST(OutputLines, DoNotDependOnHowThePiecesAreCut) {
  const std::string text = "a\x1b[31mü\x1b[0m\r\nb\rc\x1b]0;t\x1b\\d\n";
  const Lines whole = output_lines(text);
  Lines lines;
  OutputLines taken([&](std::string line) { lines.push_back(std::move(line)); });
  for (const char c : text) {
    taken.feed(std::string_view(&c, 1));
  }
  taken.finish();
  EXPECT_EQ(lines, whole);
  EXPECT_EQ(whole, (Lines{"aü", "cd"}));
}

TEST(OutputLines, ShowOfALongLineItsBeginning) {
  const std::string piece(std::size_t{1} << 20, 'x');
  Lines lines;
  OutputLines taken([&](std::string line) { lines.push_back(std::move(line)); });
  for (int i = 0; i < 300; ++i) {
    taken.feed(piece);
  }
  taken.finish();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], std::string(8192, 'x') + " … 314564608 bytes more");
}

}  // namespace
}  // namespace strata::driver
