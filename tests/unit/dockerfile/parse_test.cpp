// The syntax tree: continuations, directives, heredocs, forms, and exact ranges.
#include "frontend/dockerfile/parse.h"

#include <gtest/gtest.h>

#include "ir/base/consumer.h"

namespace strata::frontend::dockerfile {
namespace {

struct Parsed {
  explicit Parsed(const std::string& text) {
    const FileId file = sources.add("Dockerfile", text);
    Emitter emitter(consumer);
    ast = parse(file, ParseScope::Fragment, sources, emitter);
  }
  [[nodiscard]] std::string text(Loc loc) const { return std::string(sources.text(loc)); }
  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> result;
    for (const Diagnostic& diagnostic : consumer.diagnostics()) {
      result.emplace_back(kind_name(diagnostic.kind));
    }
    return result;
  }
  [[nodiscard]] const Instruction& at(std::size_t i) const { return ast.instructions.at(i); }

  SourceMap sources;
  CollectingConsumer consumer;
  Ast ast;
};

using Kinds = std::vector<std::string>;

TEST(DockerfileParse, ContinuationsAreJoinedAndRangesPointIntoTheFile) {
  const Parsed parsed("RUN a \\\n  b \\  \n# comment\n\n   c\nUSER me\n");
  ASSERT_EQ(parsed.ast.instructions.size(), 2U);
  EXPECT_EQ(parsed.at(0).args[0].text, "a   b    c");
  EXPECT_EQ(parsed.text(parsed.at(0).loc), "RUN a \\\n  b \\  \n# comment\n\n   c");
  EXPECT_EQ(parsed.text(parsed.at(1).args[0].loc), "me");
  EXPECT_EQ(parsed.kinds(), Kinds{"EmptyContinuation"});
}

TEST(DockerfileParse, WordRangesBehindAContinuation) {
  const Parsed parsed("COPY --from=x \\\n  one \\\n  two/ /three\n");
  ASSERT_EQ(parsed.at(0).args.size(), 3U);
  EXPECT_EQ(parsed.text(parsed.at(0).args[0].loc), "one");
  EXPECT_EQ(parsed.text(parsed.at(0).args[1].loc), "two/");
  EXPECT_EQ(parsed.text(parsed.at(0).args[2].loc), "/three");
  EXPECT_EQ(parsed.text(parsed.at(0).flags[0].loc), "--from=x");
  EXPECT_EQ(parsed.text(parsed.at(0).flags[0].value->loc), "x");
}

TEST(DockerfileParse, AWordBrokenByAContinuation) {
  const Parsed parsed("COPY on\\\ne /x\n");
  EXPECT_EQ(parsed.at(0).args[0].text, "one");
  EXPECT_EQ(parsed.text(parsed.at(0).args[0].loc), "on\\\ne");
}

TEST(DockerfileParse, DoubledEscapeAtTheEndIsNoContinuation) {
  const Parsed parsed("RUN a \\\\\nUSER x\n");
  ASSERT_EQ(parsed.ast.instructions.size(), 2U);
  EXPECT_EQ(parsed.at(0).args[0].text, "a \\\\");
}

TEST(DockerfileParse, ContinuationAtTheEndOfTheFile) {
  EXPECT_EQ(Parsed("RUN a \\").at(0).args[0].text, "a");
  EXPECT_EQ(Parsed("\\\nRUN a").at(0).args[0].text, "a");
  EXPECT_TRUE(Parsed("\\\n").ast.instructions.empty());
  EXPECT_EQ(Parsed("\\\n   RUN a").at(0).args[0].text, "a");
}

TEST(DockerfileParse, CarriageReturnsAndByteOrderMark) {
  const Parsed parsed("\xEF\xBB\xBF# escape=`\r\nRUN a `\r\n  b\r\nRUN <<E\r\nx\r\nE\r\n");
  EXPECT_EQ(parsed.ast.escape, '`');
  EXPECT_EQ(parsed.at(0).args[0].text, "a   b");
  EXPECT_EQ(parsed.at(1).heredocs[0].body, "x\r\n");
}

TEST(DockerfileParse, Directives) {
  const Parsed parsed("  # Syntax = docker/dockerfile:1\n# check=skip=all\n# escape=`\nRUN a\\\n");
  ASSERT_EQ(parsed.ast.directives.size(), 3U);
  EXPECT_EQ(parsed.ast.directives[0].name.text, "syntax");
  EXPECT_EQ(parsed.text(parsed.ast.directives[0].value.loc), "docker/dockerfile:1");
  EXPECT_EQ(parsed.at(0).args[0].text, "a\\");
  // An unknown one, a comment and an empty line end them.
  EXPECT_EQ(Parsed("# foo=bar\n# escape=`\nRUN a").ast.escape, '\\');
  EXPECT_EQ(Parsed("\n# escape=`\nRUN a").ast.escape, '\\');
  EXPECT_EQ(Parsed("#!/usr/bin/x\n# escape=`\nRUN a").ast.escape, '\\');
  EXPECT_EQ(Parsed("#!/usr/bin/x\n# syntax=y\nRUN a").ast.directives.size(), 1U);
  EXPECT_EQ(Parsed("# escape=`\n# escape=`\n").kinds(), Kinds{"DuplicateDirective"});
  EXPECT_EQ(Parsed("# escape=x\n").kinds(), Kinds{"BadDirective"});
}

TEST(DockerfileParse, CommentsBelongToTheNextInstruction) {
  const Parsed parsed("RUN a\n# one\n\n  # two\nRUN b\n# gone\n#\nRUN c\nRUN # d\n");
  ASSERT_EQ(parsed.at(1).comments.size(), 2U);
  EXPECT_EQ(parsed.at(1).comments[1].text, "# two");
  EXPECT_TRUE(parsed.at(2).comments.empty());
  EXPECT_EQ(parsed.at(3).args[0].text, "# d");
}

TEST(DockerfileParse, ExecFormOnlyWhenItIsWholeJson) {
  const Parsed parsed(
      "CMD [\"a\", \"b\\n\\u00e9\\ud83d\\ude00\"]\nCMD ['a']\nCMD [\"a\"] x\nCMD [\nCMD []\nCMD "
      "[\"a\",]\n"
      "ENV [a=b\nHEALTHCHECK CMD [\"x\"]\n");
  EXPECT_EQ(parsed.at(0).form, Form::Exec);
  ASSERT_EQ(parsed.at(0).args.size(), 2U);
  EXPECT_EQ(parsed.at(0).args[1].text, "b\n\xC3\xA9\xF0\x9F\x98\x80");
  for (const std::size_t i : {1U, 2U, 3U, 5U}) {
    EXPECT_EQ(parsed.at(i).form, Form::Shell) << i;
  }
  EXPECT_EQ(parsed.at(1).args[0].text, "['a']");
  EXPECT_EQ(parsed.at(2).args[0].text, "[\"a\"] x");
  EXPECT_EQ(parsed.at(4).form, Form::Exec);
  EXPECT_TRUE(parsed.at(4).args.empty());
  EXPECT_EQ(parsed.at(6).pairs[0].key.text, "[a");
  EXPECT_EQ(parsed.at(7).form, Form::Exec);
  EXPECT_EQ(parsed.kinds(), Kinds{});
}

TEST(DockerfileParse, ExecFormWithOtherValuesIsAnError) {
  const Parsed parsed("CMD [\"a\", 1, {\"b\": [null]}]\n");
  EXPECT_EQ(parsed.kinds(), (Kinds{"NonStringArgument", "NonStringArgument"}));
  EXPECT_EQ(parsed.text(parsed.consumer.diagnostics()[0].loc), "1");
  EXPECT_EQ(parsed.text(parsed.consumer.diagnostics()[1].loc), "{\"b\": [null]}");
}

TEST(DockerfileParse, Flags) {
  const Parsed parsed("COPY --from=a --chown=\"b c\" -- --d /e\nHEALTHCHECK CMD --x\nRUN --\n");
  ASSERT_EQ(parsed.at(0).flags.size(), 2U);
  EXPECT_EQ(parsed.at(0).flags[1].value->text, "b c");
  ASSERT_EQ(parsed.at(0).args.size(), 2U);
  EXPECT_EQ(parsed.at(0).args[0].text, "--d");
  EXPECT_TRUE(parsed.at(1).flags.empty());
  EXPECT_EQ(parsed.at(1).args[0].text, "--x");
  EXPECT_EQ(parsed.at(2).args[0].text, "--");
}

TEST(DockerfileParse, Pairs) {
  const Parsed parsed(
      "ENV a=1 b=\"x y\" c='q' d=e\\ f g= \"h i\"=j k=l=m\nENV legacy  a = \"b\nLABEL x\nARG a "
      "b=1\n");
  const auto& pairs = parsed.at(0).pairs;
  ASSERT_EQ(pairs.size(), 7U);
  EXPECT_EQ(pairs[1].value->text, "\"x y\"");
  EXPECT_EQ(pairs[3].value->text, "e\\ f");
  EXPECT_EQ(pairs[4].value->text, "");
  EXPECT_EQ(pairs[5].key.text, "\"h i\"");
  EXPECT_EQ(pairs[6].value->text, "l=m");
  EXPECT_EQ(parsed.at(1).pairs[0].key.text, "legacy");
  EXPECT_EQ(parsed.at(1).pairs[0].value->text, "a = \"b");
  EXPECT_EQ(parsed.at(3).pairs.size(), 2U);
  EXPECT_EQ(parsed.kinds(), Kinds{"ExpectedKeyValue"});
  EXPECT_EQ(Parsed("ENV a=b c\n").kinds(), Kinds{"ExpectedKeyValue"});
  EXPECT_EQ(Parsed("ENV =b\n").kinds(), Kinds{"BlankName"});
}

TEST(DockerfileParse, NothingIsEscapedInSingleQuotes) {
  const Parsed parsed(
      "ENV a='\\' b='C:\\x\\' c=it\nLABEL 'k\\'=v x=\"a\\\"b\" y=z\nARG A='a\\' B=b\nENV d='e\\'f' "
      "g=h'\n");
  ASSERT_EQ(parsed.at(0).pairs.size(), 3U);
  EXPECT_EQ(parsed.at(0).pairs[0].value->text, "'\\'");
  EXPECT_EQ(parsed.at(0).pairs[1].value->text, "'C:\\x\\'");
  EXPECT_EQ(parsed.at(0).pairs[2].value->text, "it");
  ASSERT_EQ(parsed.at(1).pairs.size(), 3U);
  EXPECT_EQ(parsed.at(1).pairs[0].key.text, "'k\\'");
  EXPECT_EQ(parsed.at(1).pairs[1].value->text, "\"a\\\"b\"");
  ASSERT_EQ(parsed.at(2).pairs.size(), 2U);
  EXPECT_EQ(parsed.at(2).pairs[1].key.text, "B");
  // The second quote closes the first; the third opens what lasts to the fourth.
  ASSERT_EQ(parsed.at(3).pairs.size(), 1U);
  EXPECT_EQ(parsed.at(3).pairs[0].value->text, "'e\\'f' g=h'");
  EXPECT_TRUE(parsed.kinds().empty());
  const Parsed backtick("# escape=`\nENV a='`' b=c\n");
  ASSERT_EQ(backtick.at(0).pairs.size(), 2U);
  EXPECT_EQ(backtick.at(0).pairs[0].value->text, "'`'");
}

TEST(DockerfileParse, TheBackslashEscapesInFlagsInBothQuotesWhateverTheEscapeCharacter) {
  const Parsed parsed("COPY --chown='a\\'b c' x /y\n");
  EXPECT_EQ(parsed.at(0).flags[0].value->text, "a'b c");
  const Parsed backtick("# escape=`\nCOPY --chown='a`' --from=b\\c`d x /y\n");
  ASSERT_EQ(backtick.at(0).flags.size(), 2U);
  EXPECT_EQ(backtick.at(0).flags[0].value->text, "a`");
  EXPECT_EQ(backtick.at(0).flags[1].value->text, "bc`d");
}

TEST(DockerfileParse, Heredocs) {
  const Parsed parsed(
      "RUN <<EOF\na\n# b\n\nEOF\nCOPY <<-\"E F\" <<'G' << H /x/\n\t\ta\tb\n\tE F\nc\nG\nd\nH\nRUN "
      "3<<X cat\nX\n");
  ASSERT_EQ(parsed.ast.instructions.size(), 3U);
  EXPECT_EQ(parsed.at(0).heredocs[0].body, "a\n# b\n\n");
  EXPECT_TRUE(parsed.at(0).args[0].heredoc.has_value());
  EXPECT_EQ(parsed.text(parsed.at(0).loc), "RUN <<EOF\na\n# b\n\nEOF");
  EXPECT_EQ(parsed.text(parsed.at(0).heredocs[0].body_loc), "a\n# b\n\n");
  const auto& heredocs = parsed.at(1).heredocs;
  ASSERT_EQ(heredocs.size(), 3U);
  EXPECT_EQ(heredocs[0].name, "E F");
  EXPECT_EQ(heredocs[0].content(), "a\tb\n");
  EXPECT_EQ(heredocs[0].body, "\t\ta\tb\n");
  EXPECT_EQ(heredocs[0].expansion, Heredoc::Expansion::Off);
  EXPECT_EQ(heredocs[1].expansion, Heredoc::Expansion::Off);
  EXPECT_EQ(heredocs[2].expansion, Heredoc::Expansion::On);
  EXPECT_EQ(heredocs[2].body, "d\n");
  EXPECT_EQ(parsed.at(1).args.size(), 4U);
  EXPECT_EQ(parsed.at(2).heredocs[0].fd, "3");
  EXPECT_FALSE(parsed.at(2).args[0].heredoc.has_value());
}

TEST(DockerfileParse, WhatIsNoHeredoc) {
  const Parsed parsed(
      "RUN a <<<b\nRUN a<<b\nRUN \"<<c\"\nCMD <<d\nRUN [\"<<e\"]\nRUN echo $((1<<2))\n");
  EXPECT_EQ(parsed.ast.instructions.size(), 6U);
  for (const Instruction& instruction : parsed.ast.instructions) {
    EXPECT_TRUE(instruction.heredocs.empty()) << instruction.args[0].text;
  }
  // An unmatched quote hides the marker, as it does for docker.
  EXPECT_TRUE(Parsed("RUN cat <<EOF # it's\n").at(0).heredocs.empty());
}

TEST(DockerfileParse, MarkersAmongWordsOfAScript) {
  const Parsed parsed("RUN a 'b c' 3<<X  d\\ <<Z e2<<W <<-Y>f && cat\t<<V\nX\nY>f\nV\nUSER x\n");
  ASSERT_EQ(parsed.ast.instructions.size(), 2U);
  const auto& heredocs = parsed.at(0).heredocs;
  ASSERT_EQ(heredocs.size(), 3U);
  EXPECT_EQ(heredocs[0].name + heredocs[1].name + heredocs[2].name, "XY>fV");
  EXPECT_EQ(parsed.text(heredocs[0].loc), "3<<X");
  EXPECT_EQ(parsed.at(0).args[0].text, "a 'b c' 3<<X  d\\ <<Z e2<<W <<-Y>f && cat\t<<V");
}

TEST(DockerfileParse, UnterminatedHeredocIsOneError) {
  const Parsed parsed("RUN <<EOF\nfoo\nEOF \n");
  EXPECT_EQ(parsed.kinds(), Kinds{"UnterminatedHeredoc"});
  EXPECT_EQ(parsed.text(parsed.consumer.diagnostics()[0].loc), "<<EOF");
}

TEST(DockerfileParse, KeywordsInAnyCaseAndSpelling) {
  const Parsed parsed("run a\nRuN b\nRNU c\nCOPYY d e\n");
  EXPECT_EQ(parsed.at(0).keyword, Keyword::Run);
  EXPECT_EQ(parsed.at(1).keyword, Keyword::Run);
  EXPECT_EQ(parsed.kinds(), (Kinds{"UnknownInstruction", "UnknownInstruction"}));
  ASSERT_FALSE(parsed.consumer.diagnostics()[0].fixes.empty());
  EXPECT_EQ(parsed.consumer.diagnostics()[0].fixes[0].replacement, "RUN");
}

TEST(DockerfileParse, BytesThatAreNoTextDoNotHurt) {
  std::string text = "RUN a\xFF\xFE ";
  text += '\0';
  text += "b\nENV x=\xC3\nLABEL \x80=\"\xE2\x82\"\nCMD [\"\xFF\"]\n\xFF\n";
  const Parsed parsed(text);
  EXPECT_EQ(parsed.ast.instructions.size(), 5U);
  EXPECT_EQ(parsed.at(0).args[0].text.size(), 6U);
  EXPECT_EQ(parsed.at(1).pairs[0].value->text, "\xC3");
}

TEST(DockerfileParse, LongInputIsLinear) {
  std::string text;
  for (int i = 0; i < 20000; ++i) {
    text += "ENV a" + std::to_string(i) + "=b\nRUN echo <<X\nbody\nX\nCMD ['x']\n";
  }
  text += "RUN " + std::string(std::size_t{4} << 20U, 'x') + "\n";
  const Parsed parsed(text);
  EXPECT_EQ(parsed.ast.instructions.size(), 60001U);
  EXPECT_EQ(parsed.ast.instructions.back().args[0].text.size(), std::size_t{4} << 20U);
}

}  // namespace
}  // namespace strata::frontend::dockerfile
