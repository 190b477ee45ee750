// Variable expansion: every form of the language, and what is refused.
#include "frontend/dockerfile/expand.h"

#include <gtest/gtest.h>

#include <map>

namespace strata::frontend::dockerfile {
namespace {

const std::map<std::string, std::string, std::less<>> kVariables = {
    {"A", "hello"},    {"abc", "x"},    {"EMPTY", ""},       {"PATHS", "/a/b/c.tar.gz"},
    {"V", "xay a"},    {"PRICE", "$5"}, {"PORTS", "80 443"}, {"STARS", "a*b"},
    {"grün", "farbe"}, {"U", "äöü"}};

const std::string* lookup(std::string_view name) {
  const auto found = kVariables.find(name);
  return found == kVariables.end() ? nullptr : &found->second;
}

std::string expanded(std::string_view word, ExpandOptions options = {}) {
  auto result = expand(word, lookup, options);
  if (const auto* error = std::get_if<ExpandError>(&result)) {
    return "error: " + error->message;
  }
  return std::get<std::string>(result);
}

struct Case {
  std::string_view word;
  std::string_view result;
};

TEST(Expand, Table) {
  const Case cases[] = {
      {"plain", "plain"},
      {"$A", "hello"},
      {"${A}b", "hellob"},
      {"$A$A", "hellohello"},
      {"$UNSET.", "."},
      {"${UNSET}", ""},
      {"$", "$"},
      {"a$", "a$"},
      {"$ x", "$ x"},
      {"$/", "$/"},
      {"$1abc", "abc"},
      {"$12x", "x"},
      {"$$A", "A"},
      {"$?", ""},
      {"$grün", "farbe"},
      {"\\$A", "$A"},
      {"a\\b", "ab"},
      {"a\\\\b", "a\\b"},
      {"trailing\\", "trailing"},
      {"'$A \\n'", "$A \\n"},
      {"\"$A b\"", "hello b"},
      {"\"\\$A \\\" \\\\ \\n\"", "$A \" \\ \\n"},
      {"\"it's\"", "it's"},
      {"'a\"b'", "a\"b"},
      {"a'b'\"c\"d", "abcd"},
      {"\"\"", ""},
      // Defaults
      {"${A:-d}", "hello"},
      {"${UNSET:-d}", "d"},
      {"${EMPTY:-d}", "d"},
      {"${EMPTY-d}", ""},
      {"${UNSET-d}", "d"},
      {"${UNSET:-$A}", "hello"},
      {"${UNSET:-${UNSET2:-deep}}", "deep"},
      {"${UNSET:-'a}b'}", "a}b"},
      {"${UNSET:-\"$A\"}", "hello"},
      {"${UNSET:-a\\}b}", "a}b"},
      {"${A:+w}", "w"},
      {"${EMPTY:+w}", ""},
      {"${EMPTY+w}", "w"},
      {"${UNSET+w}", ""},
      {"${A:?m}", "hello"},
      {"${EMPTY?m}", ""},
      // Patterns
      {"${PATHS#*/}", "a/b/c.tar.gz"},
      {"${PATHS##*/}", "c.tar.gz"},
      {"${PATHS%.*}", "/a/b/c.tar"},
      {"${PATHS%%.*}", "/a/b/c"},
      {"${PATHS#nope}", "/a/b/c.tar.gz"},
      {"${A#h?l}", "lo"},
      {"${A%??}", "hel"},
      {"${A#*}", "hello"},
      {"${A##*}", ""},
      {"${A%%*}", ""},
      {"${A#[h]}", "hello"},
      {"${STARS#a\\*}", "b"},
      {"${U%?}", "äö"},
      {"${UNSET#x}", ""},
      {"${A#$abc}", "hello"},
      // Replacement
      {"${V/a/b}", "xby a"},
      {"${V//a/b}", "xby b"},
      {"${V//a/}", "xy "},
      {"${V/nope/b}", "xay a"},
      {"${V/x*y/-}", "- a"},
      {"${V//?/.}", "....."},
      {"${PATHS//\\//_}", "_a_b_c.tar.gz"},
      {"${V/a/\\/}", "x\\/y a"},
      {"${V//a/${PRICE}}", "x$5y $5"},
      {"${V/a/$PRICE}", "x$5y a"},
      {"${U//ö/o}", "äoü"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(expanded(c.word), c.result) << c.word;
  }
}

TEST(Expand, Refused) {
  const Case cases[] = {
      {"${A", "error: substitution lacks its `}`"},
      {"${", "error: substitution lacks its `}`"},
      {"${}", "error: substitution names no variable"},
      {"${:-x}", "error: substitution names no variable"},
      {"${A:-x", "error: substitution lacks its `}`"},
      {"${A/x}", "error: substitution lacks its `/`"},
      {"${A/x/y", "error: substitution lacks its `}`"},
      {"${A:=x}", "error: modifier `:=` of a substitution is not supported"},
      {"${A=x}", "error: modifier `=` of a substitution is not supported"},
      {"${A:1:2}", "error: modifier `:1` of a substitution is not supported"},
      {"${A^^}", "error: modifier `^` of a substitution is not supported"},
      {"${A,,}", "error: modifier `,` of a substitution is not supported"},
      {"${A:#x}", "error: modifier `:#` of a substitution is not supported"},
      {"${A:", "error: modifier `:` of a substitution is not supported"},
      {"${UNSET:?}", "error: UNSET: is not allowed to be unset"},
      {"${EMPTY:?}", "error: EMPTY: is not allowed to be empty"},
      {"${UNSET?say $A}", "error: UNSET: say hello"},
      {"${A#\\a}", "error: escape in pattern `\\a` is not supported"},
      {"'open", "error: quote ' is not closed"},
      {"\"open", "error: quote \" is not closed"},
      {"\"open\\", "error: quote \" is not closed"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(expanded(c.word), c.result) << c.word;
  }
}

TEST(Expand, ErrorPointsAtTheSubstitution) {
  const auto result = expand("ab${A:=x}cd", lookup, {});
  const auto* error = std::get_if<ExpandError>(&result);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->begin, 2U);
  EXPECT_EQ(error->end, 7U);
}

TEST(Expand, BacktickEscapes) {
  EXPECT_EQ(expanded("c:\\$A", {.escape = '`'}), "c:\\hello");
  EXPECT_EQ(expanded("`$A", {.escape = '`'}), "$A");
  EXPECT_EQ(expanded("\"`$A \\\"", {.escape = '`'}), "$A \\");
}

TEST(Expand, HeredocBodiesKeepQuotes) {
  const ExpandOptions body{.escape = '\\', .quotes = ExpandOptions::Quotes::Keep};
  EXPECT_EQ(expanded("say \"$A\" it's\n\\$A\n", body), "say \"hello\" it's\n$A\n");
}

TEST(Expand, WordsSplitAtBlanksOfValues) {
  const auto words = [](std::string_view text) {
    return std::get<std::vector<std::string>>(expand_words(text, lookup, {}));
  };
  EXPECT_EQ(words("$PORTS"), (std::vector<std::string>{"80", "443"}));
  EXPECT_EQ(words("\"$PORTS\""), (std::vector<std::string>{"80 443"}));
  EXPECT_EQ(words("1$PORTS"), (std::vector<std::string>{"180", "443"}));
  EXPECT_EQ(words("$UNSET"), (std::vector<std::string>{}));
  EXPECT_EQ(words("''"), (std::vector<std::string>{""}));
}

TEST(Expand, HostileInputIsBounded) {
  std::string nested;
  for (int i = 0; i < 5000; ++i) {
    nested += "${U" + std::to_string(i) + "x:-";
  }
  EXPECT_EQ(expanded(nested), "error: substitutions are nested more than 100 deep");

  const std::string large(std::size_t{9} << 20U, 'x');
  const auto big = [&](std::string_view) { return &large; };
  EXPECT_TRUE(std::holds_alternative<ExpandError>(expand("$A$A$A", big, {})));
  EXPECT_TRUE(std::holds_alternative<ExpandError>(expand("${A//x/yyyyyyyy}", big, {})));
  // A pattern that matches nowhere must not look from every position to the end.
  const std::string medium(std::size_t{1} << 20U, 'x');
  const auto half = [&](std::string_view) { return &medium; };
  EXPECT_EQ(std::get<std::string>(expand("${A//x*y/z}", half, {})), medium);
}

// Whatever single words take, and whether or not what is expanded is used.
TEST(Expand, AFileHasOneBudget) {
  const std::string value(1000, 'x');
  const auto lookup_value = [&](std::string_view) { return &value; };
  for (const std::string word : {"$A", "${A+$A}", "${UNSET+${A}}", "${A%y}", "${A/y/z}"}) {
    Budget budget(0);
    const ExpandOptions options{.budget = &budget};
    EXPECT_FALSE(std::holds_alternative<ExpandError>(expand(word, lookup_value, options)));
    ASSERT_TRUE(budget.take_text((Budget::kTextMebibytes << 20U) - 3000));
    ASSERT_TRUE(budget.take_matching((Budget::kMatchingMebisteps << 20U) - 3000));
    const std::string thrice = std::string(word).append(word).append(word);
    const auto again = expand(thrice, lookup_value, options);
    EXPECT_TRUE(std::holds_alternative<ExpandError>(again)) << word;
    EXPECT_TRUE(budget.exhausted()) << word;
  }
}

TEST(Expand, EmptyPatternMatchesBetweenCharacters) {
  EXPECT_EQ(expanded("${A///-}"), "-h-e-l-l-o-");
  EXPECT_EQ(expanded("${A//*/-}"), "-");
}

}  // namespace
}  // namespace strata::frontend::dockerfile
