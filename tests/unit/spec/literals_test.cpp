// String literals, requirements, shell words, and the tree's dump.
#include <gtest/gtest.h>

#include "frontend/spec/commands.h"
#include "frontend/spec/requirement.h"
#include "frontend/spec/string_literal.h"
#include "tests/unit/spec/spec_fixture.h"

namespace strata::frontend::spec_test {
namespace {

// The string that an expression of the language is, through env().
std::string value_of(const std::string& expression) {
  Compilation compilation("v = " + expression + "\nn = 7\na = Image.scratch().env({\"V\": v})\n");
  const auto module = compilation.lower();
  if (!module) {
    return "error: " + compilation.diagnostics();
  }
  return std::get<ir::Config>(module->op(module->stages[0].config).data).env.at(0).second;
}

TEST(SpecStrings, Escapes) {
  EXPECT_EQ(value_of(R"("a\tb\n\\\"\'\x41\u00e4\U0001F600\101\0z")"),
            "error: 3:25: BadArgument: the value of `V` holds a NUL character\n");
  EXPECT_EQ(value_of(R"("a\tb\n\\\"\'\x41\u00e4\U0001F600\101")"), "a\tb\n\\\"'A\u00e4\U0001F600A");
  EXPECT_EQ(value_of("'a\\\nb'"), "ab");
  EXPECT_EQ(value_of(R"(r"a\tb\"c")"), R"(a\tb\"c)");
  EXPECT_EQ(value_of(R"('${HOME} {x}')"), "${HOME} {x}");
  EXPECT_EQ(value_of(R"("" + '' + "a" "")").substr(0, 6), "error:");
  EXPECT_EQ(value_of("\"\xC3\xA4\""), "\xC3\xA4");
}

TEST(SpecStrings, TripleQuotedTextsAreDedented) {
  EXPECT_EQ(value_of("\"\"\"\n    a\n      b\n\n    c\n    \"\"\""), "a\n  b\n\nc\n");
  EXPECT_EQ(value_of("\"\"\"a\n  b\n  c\"\"\""), "a\nb\nc");
  EXPECT_EQ(value_of("'''\n\ta\\n  b\n\tc'''"), "a\n  b\nc");
  EXPECT_EQ(value_of("'''\r\n  a\r\n  b\r\n'''"), "a\nb\n");
  EXPECT_EQ(value_of("\"\"\"\"a\"\"\""), "\"a");
  EXPECT_EQ(value_of("\"\"\"\"\"\""), "");
}

TEST(SpecStrings, FStringsInterpolate) {
  EXPECT_EQ(value_of("f\"a{1 + 2}b{'c' + \"d\"}{{e}}\\t{f'{4}'}\""), "a3bcd{e}\t4");
  EXPECT_EQ(value_of("f\"{\n1}\"").substr(0, 6), "error:");
  EXPECT_EQ(value_of("f'''\n  a {\n  1\n  }\n    b\n'''"), "a 1\n  b\n");
  EXPECT_EQ(value_of("rf\"\\t{1}\""), "\\t1");
  EXPECT_EQ(value_of("f\"\""), "");
  EXPECT_EQ(value_of("f\"\xC3\xA4{1}\xC3\xB6\""),
            "\xC3\xA4"
            "1\xC3\xB6");
}

TEST(SpecStrings, LocationsCountBytes) {
  EXPECT_EQ(errors_of("s = \"\xC3\xA4\xC3\xB6\" + nope\nimg = Image.scratch()\n"),
            "1:14: UnknownName: unknown name `nope`\n");
}

TEST(SpecRequirements, ValidOnes) {
  const std::vector<std::vector<std::string>> cases = {
      {"requests", "requests", "", ""},
      {" Foo._-Bar ", "foo-bar", "", ""},
      {"a[x,Y] >= 1.0 , != 1.5.*", "a", "[x,y]>=1.0,!=1.5.*", ""},
      {"a (>=1,<2)", "a", ">=1,<2", ""},
      {"a===1.0+local", "a", "===1.0+local", ""},
      {"a~=1!2.0", "a", "~=1!2.0", ""},
      {"a @ git+https://h/r@main#egg=a", "a", "@git+https://h/r@main#egg=a", ""},
      {"a; python_version<'3' and (os_name == \"nt\" or extra not in 'x')", "a", "",
       "python_version < '3' and ( os_name == 'nt' or extra not in 'x' )"},
  };
  for (const auto& test : cases) {
    const auto parsed = spec::parse_requirement(test[0]);
    ASSERT_EQ(parsed.index(), 0U) << test[0] << std::get<1>(parsed).message;
    const auto& requirement = std::get<0>(parsed);
    EXPECT_EQ(requirement.name, test[1]);
    EXPECT_EQ(requirement.constraint, test[2]);
    EXPECT_EQ(requirement.marker, test[3]);
  }
}

TEST(SpecRequirements, WrongOnes) {
  for (const char* text : {"",
                           " ",
                           "-e .",
                           "./local",
                           "a b",
                           "a=1",
                           "a>=",
                           "a>=1 b",
                           "a[",
                           "a[x",
                           "a(>=1",
                           "a @",
                           "a @ path",
                           "https://h/x.whl",
                           "git+https://h/r",
                           "a;",
                           "a; foo == '1'",
                           "a; os_name",
                           "a; os_name == 'x",
                           "a; (os_name == 'x'",
                           "a>=1; os_name == 'x' y",
                           "a\n",
                           "a;rm -rf /",
                           "a$(id)",
                           "_a",
                           "a>=1,;x"}) {
    EXPECT_EQ(spec::parse_requirement(text).index(), 1U) << text;
  }
  const std::string deep = "a; " + std::string(100'000, '(');
  EXPECT_EQ(spec::parse_requirement(deep).index(), 1U);
}

TEST(SpecCommands, ShellWords) {
  EXPECT_EQ(spec::shell_quote("a-b_c.d/e:f=g@h%i+j,k"), "a-b_c.d/e:f=g@h%i+j,k");
  EXPECT_EQ(spec::shell_quote(""), "''");
  EXPECT_EQ(spec::shell_quote("a>=1"), "'a>=1'");
  EXPECT_EQ(spec::shell_quote("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(spec::shell_quote("~"), "'~'");
}

TEST(SpecDump, TextAndJson) {
  const std::string text = "edition \"2026\"\na = Image.base(\"x\").cmd(args=[\"b\"])\n";
  Compilation compilation(text);
  const auto dump = [&](AstFormat format) {
    return dump_ast(compilation.file(), Language::Spec, format, compilation.sources,
                    compilation.emitter);
  };
  EXPECT_EQ(dump(AstFormat::Text).value_or("error"),
            "edition \"2026\" @1:1\n"
            "let \"a\" @2:1\n"
            "  chain @2:5\n"
            "    name \"Image\" @2:5\n"
            "    attribute \"base\" @2:11\n"
            "    call @2:15\n"
            "      argument @2:16\n"
            "        string \"x\" @2:16\n"
            "    attribute \"cmd\" @2:21\n"
            "    call @2:24\n"
            "      argument \"args\" @2:25\n"
            "        list @2:30\n"
            "          string \"b\" @2:31\n");
  const std::string json = dump(AstFormat::Json).value_or("error");
  EXPECT_TRUE(
      json.starts_with("{\"statements\":[{\"kind\":\"edition\",\"location\":{\"column\":1,"
                       "\"endColumn\":15,\"endLine\":1,\"file\":\"image.strata\",\"line\":1},"
                       "\"text\":\"2026\"},"))
      << json;

  Compilation broken("a = (\n");
  EXPECT_FALSE(
      dump_ast(broken.file(), Language::Spec, AstFormat::Text, broken.sources, broken.emitter));
}

}  // namespace
}  // namespace strata::frontend::spec_test
