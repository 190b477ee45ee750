// Wrong input: what is said, where, and what would repair it.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "tests/unit/spec/spec_fixture.h"

namespace strata::frontend::spec_test {
namespace {

struct Case {
  std::string value;
  std::string diagnostics;
};

TEST(SpecDiagnostics, ValuesOfCalls) {
  const std::vector<Case> cases = {
      {"img.pip_instal(\"a\")", "3:9: UnknownMethod: `Image` has no method `pip_instal`\n"},
      {"Image.debian_slm()", "3:11: UnknownMethod: `Image` has no constructor `debian_slm`\n"},
      {"Image.pip_install(\"a\")",
       "3:11: UnknownMethod: `Image` has no constructor `pip_install`\n"},
      {"img.from_registry(\"a\")", "3:9: UnknownMethod: `Image` has no method `from_registry`\n"},
      {"img.uv_sync(\".\")", "3:9: UnsupportedMethod: `uv_sync` is not supported yet\n"},
      {"Image.from_dockerfile(\"D\")",
       "3:11: UnsupportedMethod: `from_dockerfile` is not supported yet\n"},
      {"img.workdir", "3:9: TypeMismatch: method `workdir` is not called\n"},
      {"img.root", "3:9: UnknownMethod: `Image` has no attribute `root`\n"},
      {"\"a\".upper()", "3:9: UnknownMethod: `str` has no method `upper`\n"},
      {"Image(\"a\")", "3:5: TypeMismatch: a `Image type` is not a function\n"},
      {"img.workdir(\"/a\")(\"b\")", "3:22: TypeMismatch: a `Image` is not a function\n"},
      {"img.workdir()", "3:16: MissingArgument: `workdir` needs its argument `path`\n"},
      {"img.workdir(\"/a\", \"/b\")",
       "3:23: UnexpectedArgument: `workdir` takes no further argument\n"},
      {"img.workdir(\"/a\", path=\"/b\")",
       "3:23: UnexpectedArgument: parameter `path` is given twice\n"},
      {"img.workdir(pth=\"/a\")",
       "3:16: MissingArgument: `workdir` needs its argument `path`\n"
       "3:17: UnknownKeyword: `workdir` has no parameter `pth`\n"},
      {"img.workdir(3)", "3:17: TypeMismatch: `path` takes a `str`, found `int`\n"},
      {"img.cmd(\"a b\")", "3:13: TypeMismatch: `args` takes a `list` of `str`, found `str`\n"},
      {"img.cmd([\"a\", 1])", "3:19: TypeMismatch: `args` takes a `list` of `str`, found `int`\n"},
      {"img.env({\"A\": 1})", "3:19: TypeMismatch: `vars` takes a `dict` of `str`, found `int`\n"},
      {"img.env({\"A=\": \"1\"})",
       "3:13: BadArgument: `A=` is not the name of an environment variable\n"},
      {"img.env({\"A\": \"1\", \"A\": \"2\"})", "3:24: DuplicateName: key `A` is given twice\n"},
      {"img.run_commands()",
       "3:21: MissingArgument: `run_commands` needs its argument `commands`\n"},
      {"img.run_commands([])", "3:9: MissingArgument: `run_commands` is given nothing to do\n"},
      {"img.run_commands(\"a\", network=\"lan\")",
       "3:35: BadArgument: `lan` is not a network mode\n"},
      {"img.run_commands(\"a\", secrets=[])",
       "3:27: UnsupportedMethod: parameter `secrets` of `run_commands` is not supported yet\n"},
      {"Image.debian_slim(\"2.7\")", "3:23: BadArgument: `2.7` is not a version of Python 3\n"},
      {"Image.debian_slim(3.12)", "3:23: BadLiteral: `3.12` is not a value of the language\n"},
      {"Image.base(\"UPPER/Case\")", "3:16: BadArgument: `UPPER/Case` is not an image reference\n"},
      {"img.pip_install([\"-r x\"])", "3:22: OptionInPackages: option `-r x` among the packages\n"},
      {"img.pip_install(\"a=1\")", "3:21: BadRequirement: `=` is not a version comparison\n"},
      {"img.pip_install(\"a>=1\", \"a<2\")",
       "3:29: ConflictingRequirements: `a` is required as `a>=1` and as `a<2`\n"},
      {"img.apt_install(\"Git\")", "3:21: BadArgument: `Git` is not a package of Debian\n"},
      {"img.apt_install(\"git; rm\")", "3:21: BadArgument: `git; rm` is not a package of Debian\n"},
      {"img.apt_install(\"-y\")", "3:21: OptionInPackages: option `-y` among the packages\n"},
      {"img.add_local_file(\"../a\", \"/a\")",
       "3:24: SourceOutsideContext: source `../a` leaves the build context\n"},
      {"img.add_local_file(\"/etc/passwd\", \"/a\")",
       "3:24: SourceOutsideContext: source `/etc/passwd` leaves the build context\n"},
      {"img.add_local_dir(\"a\", \"b\")",
       "3:28: RelativeDestination: destination `b` is relative\n"},
      {"img.add_local_dir(\"a\", \"/b\", strategy=\"move\")",
       "3:43: BadArgument: `move` is not a strategy\n"},
      {"img.add_local_dir(\"a\", \"/b\", strategy=\"mount\", copy=True)",
       "3:57: BadArgument: `copy=` contradicts `strategy=`\n"},
      {"nothing + 1", "3:5: UnknownName: unknown name `nothing`\n"},
      {"x", "3:5: UnknownName: `x` is used before its definition\n"},
      {"[1] + \"a\"", "3:11: TypeMismatch: `+` does not take `list` and `str`\n"},
      {"{} | []", "3:10: TypeMismatch: `|` does not take `dict` and `list`\n"},
      {"f\"{[]}\"", "3:8: TypeMismatch: an f-string takes `str` and `int`, found `list`\n"},
      {"\"\\q\"",
       "3:6: BadLiteral: `\\q` is not an escape; write `\\\\` for a backslash, or a raw "
       "string r\"…\"\n"},
      {"0755", "3:5: BadLiteral: number `0755` begins with a zero\n"},
      {"99999999999999999999", "3:5: BadLiteral: number `99999999999999999999` is too large\n"},
      {"9223372036854775807 + 1", "3:5: SpecLimit: the sum is too large\n"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(errors_of_value(test.value), test.diagnostics) << test.value;
  }
}

TEST(SpecDiagnostics, WhatIsNotSupportedYetIsNeverIgnored) {
  const std::vector<Case> cases = {
      {"param p: str = \"a\"",
       "3:1: UnsupportedSyntax: `param` declarations are not supported yet\n"},
      {"fn f(a: Image, *, b: str = \"\") -> Image = a where c = 1",
       "3:1: UnsupportedSyntax: `fn` definitions are not supported yet\n"},
      {"import \"./a.strata\" as a",
       "3:1: UnsupportedSyntax: imports of spec files are not supported yet\n"},
      {"from \"ghcr.io/a/b:c\" import d as e, f",
       "3:1: UnsupportedSyntax: imports of spec files are not supported yet\n"},
      {"image f\"t-{p}\" for p in [1] = img",
       "3:16: UnsupportedSyntax: image matrices (`for`) are not supported yet\n"},
      {"image \"t\" with (tags=[\"a\"]) = img",
       "3:11: UnsupportedSyntax: `with` arguments of an image are not supported yet\n"},
      {"x = 1 if True else 2",
       "3:7: UnsupportedSyntax: conditional expressions are not supported yet\n"},
      {"x = [a for a in [1]]", "3:8: UnsupportedSyntax: comprehensions are not supported yet\n"},
      {"x = [1][0]", "3:8: UnsupportedSyntax: index expressions are not supported yet\n"},
      {"x = 1 == 2", "3:7: UnsupportedSyntax: comparisons are not supported yet\n"},
      {"x = not True", "3:5: UnsupportedSyntax: `not` expressions are not supported yet\n"},
      {"x = True and True or False",
       "3:19: UnsupportedSyntax: `or` expressions are not supported yet\n"},
      {"x = img.cmd(*[\"a\"])",
       "3:13: UnsupportedSyntax: unpacked arguments (`*`) are not supported yet\n"},
      {"x = files(\"cpp\")", "3:5: UnsupportedSyntax: function `files` is not supported yet\n"},
      {"x: secret = 1", "3:4: UnsupportedSyntax: type `secret` is not supported yet\n"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(errors_of("edition \"2026\"\nimg = Image.scratch()\n" + test.value + "\n"),
              test.diagnostics)
        << test.value;
  }
}

TEST(SpecDiagnostics, Statements) {
  const std::vector<Case> cases = {
      {"", "1:1: NoImage: the file declares no image\n"},
      {"edition \"2026\"\nx = 1\n", "1:1: NoImage: the file declares no image\n"},
      {"edition \"1999\"\na = Image.scratch()\n", "1:9: UnknownEdition: unknown edition `1999`\n"},
      {"a = Image.scratch()\nedition \"2026\"\n",
       "2:1: SpecSyntax: `edition` after another statement\n"},
      {"a = Image.scratch()\na = a.workdir(\"/\")\n", "2:1: DuplicateName: `a` is defined twice\n"},
      {"Image = 1\n", "1:1: DuplicateName: `Image` is defined twice\n"},
      {"import os\na = Image.scratch()\n", "1:8: UnknownName: unknown module `os`\n"},
      {"from modal import App\na = Image.scratch()\n", "1:19: UnknownName: `modal` has no `App`\n"},
      {"image \"a b\" = Image.scratch()\n",
       "1:7: BadArgument: `a b` is not the name of an image\n"},
      {"image \"a\" = 3\n", "1:13: TypeMismatch: an `Image` is declared, found `int`\n"},
      {"image \"a\" = Image.scratch()\nimage \"a\" = Image.base(\"b\")\n",
       "2:7: DuplicateName: image `a` is declared twice\n"},
      {"x: list[str] = [\"a\", 1]\na = Image.scratch()\n",
       "1:22: TypeMismatch: declared as `str`, found `int`\n"},
      {"x: lst = []\na = Image.scratch()\n", "1:4: UnknownName: unknown type `lst`\n"},
      {"print(1)\n", "1:6: SpecSyntax: unexpected `(`\n"},
      {"imge \"a\" = Image.scratch()\n", "1:6: SpecSyntax: unexpected `\"a\"`\n"},
      {"a = \n", "1:4: SpecSyntax: unexpected end of statement\n"},
      {"a = Image.scratch(\n", "1:18: SpecSyntax: `(` is never closed\n"},
      {"a = Image.scratch())\n", "1:20: SpecSyntax: `)` closes nothing\n"},
      {"a = [Image.scratch()\n)\n",
       "1:5: SpecSyntax: `[` is never closed\n2:1: SpecSyntax: `)` closes nothing\n"},
      {"a = ([1)\n", "1:8: SpecSyntax: `[` is closed by `)`\n"},
      {"a = \"b\n", "1:5: SpecSyntax: string without its closing quote\n"},
      {"a = f\"b{c\n", "1:10: SpecSyntax: string without its closing quote\n"},
      {"a = f\"}\"\n", "1:7: SpecSyntax: stray `}`\n"},
      {"a = 1 $ 2\n", "1:7: SpecSyntax: stray `$`\n"},
      {"a = \xff\n", "1:1: SpecSyntax: text that is not UTF-8\n"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(errors_of(test.value), test.diagnostics) << test.value;
  }
}

TEST(SpecDiagnostics, AdjacentStringsOfferBothRepairs) {
  Compilation compilation(
      "edition \"2026\"\na = Image.base(\"x\").pip_install(\n  \"one\"\n  \"two\",\n)\n");
  EXPECT_FALSE(compilation.lower());
  EXPECT_EQ(compilation.diagnostics(), "4:3: AdjacentStrings: adjacent string literals\n");
  const Diagnostic* diagnostic = compilation.find(Kind::AdjacentStrings);
  ASSERT_NE(diagnostic, nullptr);
  ASSERT_EQ(diagnostic->fixes.size(), 2U);
  ASSERT_EQ(diagnostic->labels.size(), 1U);
  for (const FixIt& fix : diagnostic->fixes) {
    EXPECT_EQ(errors_of(compilation.fixed(fix)), "") << compilation.fixed(fix);
  }
}

TEST(SpecDiagnostics, StepAfterMountOffersBothRepairs) {
  Compilation compilation(
      "edition \"2026\"\na = Image.base(\"x\")\n  .add_local_dir(\"s\", \"/s\")\n"
      "  .run_commands(\"a\")\n  .run_commands(\"b\")\n");
  EXPECT_FALSE(compilation.lower());
  EXPECT_EQ(compilation.diagnostics(),
            "4:4: StepAfterMount: build step `run_commands` after `strategy=\"mount\"`\n");
  const Diagnostic* diagnostic = compilation.find(Kind::StepAfterMount);
  ASSERT_NE(diagnostic, nullptr);
  ASSERT_FALSE(diagnostic->notes.empty());
  EXPECT_EQ(compilation.sources.describe(*diagnostic->notes[0].loc), "image.strata:3:4");
  ASSERT_EQ(diagnostic->fixes.size(), 2U);
  EXPECT_EQ(compilation.fixed(diagnostic->fixes[0]),
            "edition \"2026\"\na = Image.base(\"x\")\n  .run_commands(\"a\")\n"
            "  .run_commands(\"b\")\n  .add_local_dir(\"s\", \"/s\")\n");
  for (const FixIt& fix : diagnostic->fixes) {
    EXPECT_EQ(errors_of(compilation.fixed(fix)), "") << compilation.fixed(fix);
  }
}

TEST(SpecDiagnostics, ConfigAndMoreMountsMayFollowAMount) {
  EXPECT_EQ(
      errors_of("a = Image.base(\"x\").add_local_dir(\"s\", \"/s\").workdir(\"/s\").env({\"A\": "
                "\"1\"}).add_local_file(\"f\", \"/f\").cmd([\"x\"])\n"),
      "");
  EXPECT_NE(errors_of("a = Image.base(\"x\").add_local_dir(\"s\", \"/s\").add_local_file(\"f\", "
                      "\"/f\", copy=True)\n"),
            "");
}

TEST(SpecDiagnostics, DidYouMeanRepairs) {
  for (const std::string text :
       {"img = Image.base(\"a\").pip_instal(\"b\")\n", "img = Imag.base(\"a\")\n",
        "img = Image.base(\"a\").run_commands(\"b\", netwrk=\"none\")\n",
        "imge \"x\" = Image.scratch()\n", "img = Image.base(\"a\").workdir(\n",
        "img = Image.base(\"a\").add_local_dir(\"a\", \"b\")\n"}) {
    Compilation compilation(text);
    EXPECT_FALSE(compilation.lower());
    for (const Diagnostic& diagnostic : compilation.all()) {
      if (diagnostic.severity == Severity::Error && !diagnostic.fixes.empty()) {
        EXPECT_EQ(errors_of(compilation.fixed(diagnostic.fixes.front())), "") << text;
      }
    }
  }
}

TEST(SpecDiagnostics, EachStatementIsReportedOnItsOwn) {
  std::string text = "edition \"2026\"\n";
  std::string expected;
  for (int line = 2; line < 32; ++line) {
    text += "a" + std::to_string(line) + " = [1 2]\n";
    expected +=
        std::to_string(line) + ":" + (line < 10 ? "9" : "10") + ": SpecSyntax: unexpected `2`\n";
  }
  text += "bad = Image.base(a5)\n";
  EXPECT_EQ(errors_of(text), expected);
}

TEST(SpecDiagnostics, AnUnclosedBracketDoesNotHideWhatFollows) {
  EXPECT_EQ(errors_of("a = Image.base(\"x\"\nb = Image.bse(\"y\")\nc = \"open\nd = $\n"),
            "1:15: SpecSyntax: `(` is never closed\n"
            "2:11: UnknownMethod: `Image` has no constructor `bse`\n"
            "3:5: SpecSyntax: string without its closing quote\n"
            "4:5: SpecSyntax: stray `$`\n");
}

TEST(SpecDiagnostics, MissingEditionIsANote) {
  Compilation compilation("a = Image.scratch()\n");
  EXPECT_TRUE(compilation.lower());
  const Diagnostic* diagnostic = compilation.find(Kind::MissingEdition);
  ASSERT_NE(diagnostic, nullptr);
  EXPECT_EQ(diagnostic->severity, Severity::Info);
  ASSERT_EQ(diagnostic->fixes.size(), 1U);
  Compilation repaired(compilation.fixed(diagnostic->fixes[0]));
  EXPECT_TRUE(repaired.lower());
  EXPECT_TRUE(repaired.all().empty());
}

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

TEST(SpecLimits, DeepNestingIsAnError) {
  for (const auto& [open, close] :
       std::vector<std::pair<std::string, std::string>>{{"(", ")"},
                                                        {"[", "]"},
                                                        {"{\"a\":", "}"},
                                                        {"not ", ""},
                                                        {"f(", ")"},
                                                        {"f\"{", "}\""},
                                                        {"1 if 1 else ", ""},
                                                        {"x: list[", "]"}}) {
    for (const int depth : {1000, 20'000}) {
      const std::string errors =
          errors_of("a = " + repeated(open, depth) + "1" + repeated(close, depth) + "\n");
      EXPECT_NE(errors.find("SpecLimit: nested more than 200 deep"), std::string::npos)
          << open << errors.substr(0, 300);
    }
  }
  EXPECT_EQ(errors_of("img = " + repeated("(", 150) + "Image.scratch()" + repeated(")", 150)), "");
}

TEST(SpecLimits, LongChainsAndSumsAreNotDeep) {
  EXPECT_EQ(errors_of("a = Image.scratch()" + repeated(".workdir(\"/a\")", 3000) + "\n"), "");
  EXPECT_EQ(
      errors_of("a = Image.scratch()\nb = a.workdir(\"/\"" + repeated(" + \"a\"", 3000) + ")\n"),
      "");
  EXPECT_EQ(errors_of(repeated("\n", 100'000) + "a = Image.scratch()" + repeated("\n", 100'000) +
                      ".workdir(\"/\")"),
            "");
}

TEST(SpecLimits, DoublingIsStopped) {
  std::string strings = "s0 = \"0123456789\"\n";
  std::string lists = "s0 = [1, 2]\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "s" + std::to_string(i - 1);
    std::string line = "s" + std::to_string(i);
    line.append(" = ").append(before).append(" + ").append(before).append("\n");
    strings += line;
    lists += line;
  }
  EXPECT_NE(errors_of(strings).find("SpecLimit"), std::string::npos);
  EXPECT_NE(errors_of(lists).find("SpecLimit"), std::string::npos);
}

// A list is shared by all that name it, but each call takes a copy.
TEST(SpecLimits, WhatCallsCopyIsBounded) {
  std::string text = "c = [\"" + std::string(100000, 'x') + "\"]\na = Image.scratch()";
  for (int i = 0; i < 2000; ++i) {
    text += ".run_commands(c)";
  }
  EXPECT_NE(errors_of(text + "\n").find("InputLimit"), std::string::npos);
}

// The n-th command holds requirements 1…n.
TEST(SpecLimits, CommandsOfPipAreBounded) {
  std::string text = "a = Image.base(\"x\").pip_install(";
  for (int i = 0; i < 8000; ++i) {
    text += "\"package" + std::to_string(i) + "\", ";
  }
  const std::string errors = errors_of(text + ")\n");
  EXPECT_NE(errors.find("InputLimit"), std::string::npos);
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1);
}

TEST(SpecLimits, AFileHasSoManyTokens) {
  std::string text = "a = [";
  for (int i = 0; i < 200000; ++i) {
    text += "1,";
  }
  EXPECT_EQ(errors_of(text + "]\n"),
            "1:250003: SpecLimit: the file has more than 250000 names, literals and signs\n");
}

// Damaged files: any answer is right but a crash or one without a reason.
TEST(SpecLimits, MutatedTextNeverCrashes) {
  const std::string seed =
      "edition \"2026\"\nfrom modal import Image\nlet n: list[str] = ['a', \"b\"] + "
      "[f\"{'c'}d{{\"]\n"
      "fn g(a: Image, *, b: int = 0o7) -> Image = a where c = 1\nbase = "
      "Image.debian_slim(\"3.12\")\n"
      "    .pip_install(n, pre=True).env({\"A\": r'\\x'} | {})\nimage \"x\" for p in n = (\n  base "
      " # c\n"
      "  .run_commands(\"\"\"\n   echo\n  \"\"\", env=None)\n  .add_local_dir(\".\", \"/a\")\n)\n";
  const std::string alphabet = "\"'\\{}()[]fr=.,:+|\n #x0\xC3\xA4*-";
  std::uint32_t state = 1;
  const auto next = [&](std::size_t below) {
    state = state * 1664525U + 1013904223U;
    return static_cast<std::size_t>(state >> 8U) % below;
  };
  for (int round = 0; round < 1500; ++round) {
    std::string text = seed;
    for (std::size_t edits = 1 + next(4); edits > 0; --edits) {
      const std::size_t at = next(text.size());
      switch (next(3)) {
        case 0:
          text.erase(at, 1 + next(20));
          break;
        case 1:
          text.insert(at, 1, alphabet[next(alphabet.size())]);
          break;
        default:
          text.insert(at, text.substr(next(text.size()), next(30)));
          break;
      }
    }
    EXPECT_FALSE(errors_of(text).starts_with("inconsistent")) << text;
  }
}

TEST(SpecLimits, HostileTextEndsInDiagnostics) {
  for (const std::string& text :
       {std::string("\0a = 1\n", 7), std::string("\xEF\xBB\xBF") + "a = 1 +\n",
        repeated("a = (\n", 2000), repeated("f\"{", 500), repeated("\"\"\"", 501),
        std::string("a = f'''{"), std::string("\\\n\\"), std::string("image"), std::string("let"),
        std::string("from modal import"), std::string("}}}"), std::string("a = \"\\x\"\n"),
        std::string("a = \"\\ud800\"\n"), std::string("a.b.c")}) {
    EXPECT_NE(errors_of(text), "") << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace strata::frontend::spec_test
