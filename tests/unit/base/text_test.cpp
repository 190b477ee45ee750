// Text operations on their edge cases.
#include "ir/base/text.h"

#include <gtest/gtest.h>

#include <clocale>

namespace strata {
namespace {

TEST(Text, Utf8IsStrict) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
  EXPECT_TRUE(is_utf8("\xEF\xBF\xBF"));
  EXPECT_FALSE(is_utf8("\x80"));
  EXPECT_FALSE(is_utf8("\xC1\xBF"));
  EXPECT_FALSE(is_utf8("\xE0\x9F\xBF"));
  EXPECT_FALSE(is_utf8("\xED\xBF\xBF"));
  EXPECT_FALSE(is_utf8("\xF0\x8F\xBF\xBF"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xF5\x80\x80\x80"));
  EXPECT_FALSE(is_utf8("\xE2\x82"));
  EXPECT_FALSE(is_utf8("\xE2\x28\xA1"));
}

TEST(Text, Base64IsThatOfTheRfc) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("\xFF\xFE\xFD"), "//79");
}

TEST(Text, Base64DecodesOnlyWhatItEncodes) {
  for (int length = 0; length < 20; ++length) {
    std::string bytes;
    for (int i = 0; i < length; ++i) {
      bytes += static_cast<char>(i * 37 + length);
    }
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==",
                           "Zm 9v", "Zm9v\n", "Zm9-", "=Zg="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(Text, SplitKeepsEmptyPartsAndSplitWordsDropsThem) {
  using Views = std::vector<std::string_view>;
  using Words = std::vector<std::string>;
  EXPECT_EQ(split("a::b:", ':'), (Views{"a", "", "b", ""}));
  EXPECT_EQ(split("", ':'), Views{""});
  EXPECT_EQ(split_words("a::b:", ':'), (Words{"a", "b"}));
  EXPECT_EQ(split_words("", ':'), Words());
}

TEST(Text, NearestFindsTyposOnly) {
  const std::vector<std::string> words = {"RUN", "COPY", "ENTRYPOINT", "ENV"};
  EXPECT_EQ(nearest("RNU", words), "RUN");
  EXPECT_EQ(nearest("run", words), "RUN");
  EXPECT_EQ(nearest("ENTRYPIONT", words), "ENTRYPOINT");
  EXPECT_EQ(nearest("COPPY", words), "COPY");
  EXPECT_EQ(nearest("XYZ", words), std::nullopt);
  EXPECT_EQ(nearest("RU", words), "RUN");
  EXPECT_EQ(nearest("anything", {}), std::nullopt);
  EXPECT_EQ(nearest("ab", {"ac", "ad"}), "ac");
}

TEST(Text, CaseIsAsciiInAnyLocale) {
  // With a Turkish locale toupper('i') is not 'I'; it may not be installed, the result is the same.
  (void)std::setlocale(LC_ALL, "tr_TR.UTF-8");
  EXPECT_EQ(ascii_upper("title\xC3\xA9"), "TITLE\xC3\xA9");
  EXPECT_EQ(ascii_lower("TITLE\xC3\x89"), "title\xC3\x89");
  EXPECT_TRUE(ascii_iequals("TITLE", "title"));
  EXPECT_FALSE(ascii_iequals("title", "titles"));
  EXPECT_FALSE(ascii_iequals("[", "{"));
  (void)std::setlocale(LC_ALL, "C");
}

TEST(Text, SizesAreInPowersOfTen) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(999), "999 B");
  EXPECT_EQ(human_size(1000), "1.0 kB");
  EXPECT_EQ(human_size(1549), "1.5 kB");
  EXPECT_EQ(human_size(1550), "1.6 kB");
  EXPECT_EQ(human_size(999949), "999.9 kB");
  EXPECT_EQ(human_size(999950), "1.0 MB");
  EXPECT_EQ(human_size(UINT64_MAX), "18.4 EB");
}

TEST(Text, PrintableHasNothingThatSteersATerminal) {
  EXPECT_EQ(printable("plain, ünïcode ✔ and\ttabs"), "plain, ünïcode ✔ and tabs");
  EXPECT_EQ(printable("\x1b[31mred\x1b[0m\x07\x7f\n"), "?[31mred?[0m???");
  // C1 controls, as UTF-8 and raw; U+00A0 is none.
  EXPECT_EQ(printable("a\xc2\x9b"
                      "31mb\x9b"
                      "31mc\xc2\xa0"),
            "a?31mb?31mc\xc2\xa0");
  EXPECT_EQ(printable("cut \xe2\x9c"), "cut ??");
  // What makes `exe.txt` of `txt.exe`.
  EXPECT_EQ(printable("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa6"), "??…");
  EXPECT_EQ(printable_lines("a\n\x1b\n"), "a\n?\n");
  EXPECT_EQ(printable_lines(""), "");
}

}  // namespace
}  // namespace strata
