// Diagnostics as people and tools see them, sorted and counted on the way.
#include "ir/base/render.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ir/base/consumer.h"

namespace strata {
namespace {

constexpr DiagnosticDef<std::string_view> kUnknown{Kind::UnknownInstruction,
                                                   "unknown instruction `{}`"};

class RenderTest : public testing::Test {
 protected:
  Loc at(FileId file, std::string_view word) {
    const std::size_t begin = sources_.file(file).text().find(word);
    EXPECT_NE(begin, std::string_view::npos);
    return {file, static_cast<std::uint32_t>(begin),
            static_cast<std::uint32_t>(begin + word.size())};
  }
  std::string text(Loc loc, std::string_view name) {
    std::string out;
    TextConsumer consumer(sources_, Color::Never, out);
    Emitter emitter(consumer);
    emitter.emit(loc, kUnknown, name);
    return out;
  }

  SourceMap sources_;
};

TEST_F(RenderTest, CaretStandsUnderTheRangeWithItsFix) {
  const FileId file = sources_.add("Dockerfile", "FROM a\nRUN b\n  RNU echo\n");
  std::string out;
  TextConsumer consumer(sources_, Color::Never, out);
  Emitter emitter(consumer);
  const Loc loc = at(file, "RNU");
  emitter.emit(loc, kUnknown, "RNU")
      .fix(loc, "RUN", "did you mean `RUN`?")
      .help("some help")
      .note("a note");
  EXPECT_EQ(out,
            "Dockerfile:3:3: error: unknown instruction `RNU` [UnknownInstruction]\n"
            "    3 |   RNU echo\n"
            "      |   ^^^ did you mean `RUN`?\n"
            "  note: a note\n"
            "  help: some help\n");
}

TEST_F(RenderTest, NotesAndLabelsShowTheirPlace) {
  const FileId file = sources_.add("f", "one two\nthree\n");
  std::string out;
  TextConsumer consumer(sources_, Color::Never, out);
  Emitter emitter(consumer);
  {
    const ContextScope scope(emitter, at(file, "three"), "while reading three");
    emitter.emit(at(file, "one"), kUnknown, "x").label(at(file, "two"), "this one");
  }
  EXPECT_EQ(out,
            "f:1:1: error: unknown instruction `x` [UnknownInstruction]\n"
            "    1 | one two\n"
            "      | ^^^\n"
            "    1 | one two\n"
            "      |     --- this one\n"
            "f:2:1: note: while reading three\n"
            "    2 | three\n"
            "      | -----\n");
}

TEST_F(RenderTest, WithoutLocationOnlyTheMessage) {
  EXPECT_EQ(text({}, "x"), "strata: error: unknown instruction `x` [UnknownInstruction]\n");
}

TEST_F(RenderTest, NoControlByteReachesTheTerminal) {
  const FileId file = sources_.add("evil\x1b[2J", "\tab\x1b[31m\xff wrong\r\n");
  const std::string out = text(at(file, "wrong"), "a\x1b]0;x\x07\x9b");
  for (const char c : out) {
    EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f'));
  }
  EXPECT_EQ(out.find('\xff'), std::string::npos);
  // C1 controls are two bytes in UTF-8.
  EXPECT_EQ(text({},
                 "a\xC2\x9B"
                 "b")
                .find('\x9B'),
            std::string::npos);
}

TEST_F(RenderTest, CaretCountsCharactersNotBytes) {
  const FileId file = sources_.add("f", "\xC3\xA9\xC3\xA9 bad");
  EXPECT_EQ(text(at(file, "bad"), "bad"),
            "f:1:6: error: unknown instruction `bad` [UnknownInstruction]\n"
            "    1 | \xC3\xA9\xC3\xA9 bad\n"
            "      |    ^^^\n");
}

TEST_F(RenderTest, RangesOverLinesAndAtTheEndOfFile) {
  const FileId file = sources_.add("f", "first\nsecond");
  const Loc both{file, 2, 9};
  EXPECT_NE(text(both, "x").find("    1 | first\n      |   ^^^\n"), std::string::npos);
  const Loc end{file, 12, 12};
  EXPECT_NE(text(end, "x").find("f:2:7"), std::string::npos);
  EXPECT_NE(text(end, "x").find("    2 | second\n      |       ^\n"), std::string::npos);
  const FileId empty = sources_.add("empty", "");
  EXPECT_NE(text({empty, 0, 0}, "x").find("empty:1:1"), std::string::npos);
}

TEST_F(RenderTest, LongLinesShowTheirWrongPart) {
  const FileId file = sources_.add("f", std::string(5000, 'a') + "WRONG" + std::string(5000, 'b'));
  const std::string out = text(at(file, "WRONG"), "x");
  EXPECT_LT(out.size(), 600U);
  const std::size_t snippet = out.find("WRONG");
  ASSERT_NE(snippet, std::string::npos);
  EXPECT_NE(out.find("^^^^^\n"), std::string::npos);
}

TEST_F(RenderTest, JsonIsOneDocumentOrNone) {
  std::string out;
  JsonConsumer consumer(sources_, out);
  consumer.finish();
  EXPECT_EQ(out, "");
}

TEST_F(RenderTest, JsonHoldsPlaceNotesAndFixes) {
  const FileId file = sources_.add("f", "a\nRNU x\n");
  std::string out;
  JsonConsumer consumer(sources_, out);
  Emitter emitter(consumer);
  const Loc loc = at(file, "RNU");
  emitter.emit(loc, kUnknown, "RNU \"\xff")
      .note(loc, "here")
      .note("there")
      .fix(loc, "RUN", "so")
      .help("do");
  emitter.emit({}, kUnknown, "y");
  consumer.finish();
  const auto json = nlohmann::json::parse(out);
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["code"], "UnknownInstruction");
  EXPECT_EQ(json[0]["severity"], "error");
  EXPECT_EQ(json[0]["file"], "f");
  EXPECT_EQ(json[0]["line"], 2);
  EXPECT_EQ(json[0]["column"], 1);
  EXPECT_EQ(json[0]["endLine"], 2);
  EXPECT_EQ(json[0]["endColumn"], 4);
  EXPECT_EQ(json[0]["notes"][0]["line"], 2);
  EXPECT_EQ(json[0]["notes"][1]["message"], "there");
  EXPECT_EQ(json[0]["fixes"][0]["replacement"], "RUN");
  EXPECT_EQ(json[0]["helps"], nlohmann::json({"do"}));
  EXPECT_FALSE(json[1].contains("file"));
}

TEST_F(RenderTest, SortedByPlaceAndRepeatsDropped) {
  const FileId file = sources_.add("f", "0123456789");
  CollectingConsumer collected;
  CountingConsumer counting(collected);
  SortingConsumer sorting(counting);
  Emitter emitter(sorting);
  emitter.emit({file, 5, 6}, kUnknown, "later");
  emitter.emit({file, 1, 2}, kUnknown, "first");
  emitter.emit({file, 5, 6}, kUnknown, "later");
  EXPECT_TRUE(collected.diagnostics().empty());
  sorting.finish();
  ASSERT_EQ(collected.diagnostics().size(), 2U);
  EXPECT_EQ(collected.diagnostics()[0].message, "unknown instruction `first`");
  EXPECT_EQ(counting.errors(), 2U);
  EXPECT_EQ(counting.warnings(), 0U);
  EXPECT_EQ(emitter.error_count(), 3U);
}

TEST_F(RenderTest, ColorOnlyAddsEscapes) {
  const FileId file = sources_.add("f", "RNU");
  Diagnostic diagnostic;
  diagnostic.loc = at(file, "RNU");
  diagnostic.message = "m";
  const std::string plain = render_text(diagnostic, sources_, Color::Never);
  std::string colored = render_text(diagnostic, sources_, Color::Always);
  EXPECT_NE(plain, colored);
  for (std::size_t at = colored.find("\x1b["); at != std::string::npos;
       at = colored.find("\x1b[")) {
    colored.erase(at, colored.find('m', at) - at + 1);
  }
  EXPECT_EQ(plain, colored);
}

}  // namespace
}  // namespace strata
