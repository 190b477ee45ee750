// Paths and patterns against what Go and moby do with them.
#include "ir/path_pattern.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "ir/ignore_matcher.h"

namespace strata::ir {
namespace {

TEST(CleanPath, AsGoDoes) {
  const std::vector<std::pair<std::string, std::string>> cases = {{"", "."},
                                                                  {"abc", "abc"},
                                                                  {"abc/def", "abc/def"},
                                                                  {".", "."},
                                                                  {"..", ".."},
                                                                  {"../..", "../.."},
                                                                  {"/", "/"},
                                                                  {"/abc", "/abc"},
                                                                  {"abc/", "abc"},
                                                                  {"//", "/"},
                                                                  {"abc//def", "abc/def"},
                                                                  {"./abc", "abc"},
                                                                  {"/./abc", "/abc"},
                                                                  {"abc/.", "abc"},
                                                                  {"abc/..", "."},
                                                                  {"abc/../../def", "../def"},
                                                                  {"/abc/../..", "/"},
                                                                  {"/../abc", "/abc"},
                                                                  {"abc/./../def", "def"},
                                                                  {"a/b/../../..", ".."},
                                                                  {"...", "..."},
                                                                  {"a/.../b", "a/.../b"}};
  for (const auto& [path, clean] : cases) {
    EXPECT_EQ(clean_path(path), clean) << path;
    EXPECT_EQ(clean_path(clean), clean);
  }
}

struct MatchCase {
  std::string pattern;
  std::string path;
  int result;  // 1, 0, or -1 for malformed
};

// The table of Go's path/filepath/match_test.go, and hostile ones.
TEST(MatchPattern, AsGoDoes) {
  const std::vector<MatchCase> cases = {{"abc", "abc", 1},
                                        {"*", "abc", 1},
                                        {"*c", "abc", 1},
                                        {"a*", "a", 1},
                                        {"a*", "abc", 1},
                                        {"a*", "ab/c", 0},
                                        {"a*/b", "abc/b", 1},
                                        {"a*/b", "a/c/b", 0},
                                        {"a*b*c*d*e*/f", "axbxcxdxe/f", 1},
                                        {"a*b*c*d*e*/f", "axbxcxdxexxx/f", 1},
                                        {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", 0},
                                        {"a*b*c*d*e*/f", "axbxcxdxexxx/fff", 0},
                                        {"a*b?c*x", "abxbbxdbxebxczzx", 1},
                                        {"a*b?c*x", "abxbbxdbxebxczzy", 0},
                                        {"ab[c]", "abc", 1},
                                        {"ab[b-d]", "abc", 1},
                                        {"ab[e-g]", "abc", 0},
                                        {"ab[^c]", "abc", 0},
                                        {"ab[^b-d]", "abc", 0},
                                        {"ab[^e-g]", "abc", 1},
                                        {"a\\*b", "a*b", 1},
                                        {"a\\*b", "ab", 0},
                                        {"a?b",
                                         "a\xE2\x98\xBA"
                                         "b",
                                         1},
                                        {"a[^a]b",
                                         "a\xE2\x98\xBA"
                                         "b",
                                         1},
                                        {"a???b",
                                         "a\xE2\x98\xBA"
                                         "b",
                                         0},
                                        {"[a-\xCE\xB6]*", "\xCE\xB1", 1},
                                        {"*[a-\xCE\xB6]", "A", 0},
                                        {"a?b", "a/b", 0},
                                        {"a*b", "a/b", 0},
                                        {"[\\]a]", "]", 1},
                                        {"[\\-]", "-", 1},
                                        {"[x\\-]", "x", 1},
                                        {"[x\\-]", "-", 1},
                                        {"[x\\-]", "z", 0},
                                        {"[\\-x]", "x", 1},
                                        {"[]a]", "]", -1},
                                        {"[-]", "-", -1},
                                        {"[x-]", "x", -1},
                                        {"[x-]", "z", -1},
                                        {"[-x]", "a", -1},
                                        {"\\", "a", -1},
                                        {"[a-b-c]", "a", -1},
                                        {"[", "a", -1},
                                        {"[^", "a", -1},
                                        {"[^bc", "a", -1},
                                        {"a[", "a", -1},
                                        {"a[", "ab", -1},
                                        {"a[", "x", -1},
                                        {"a/b[", "x", -1},
                                        {"*x", "xxx", 1},
                                        {"", "", 1},
                                        {"", "a", 0},
                                        {"*", "", 1},
                                        {"**", "a", 1},
                                        {"*", ".hidden", 1},
                                        {"a*[", "b", -1},
                                        {"[\xff]", "a", -1}};
  for (const MatchCase& item : cases) {
    const auto result = match_pattern(item.pattern, item.path);
    const int got = result.ok() ? (*result ? 1 : 0) : -1;
    EXPECT_EQ(got, item.result) << item.pattern << " on " << item.path;
  }
  EXPECT_EQ(match_pattern("[", "a").error().code, ErrorCode::Input);
}

bool ignored(const std::vector<std::string>& patterns, std::string_view path) {
  auto matcher = IgnoreMatcher::make(patterns);
  EXPECT_TRUE(matcher.ok());
  return matcher->ignored(path);
}

// From moby's patternmatcher tests.
TEST(IgnoreMatcher, AsMobyDoes) {
  const std::vector<MatchCase> cases = {
      {"**", "file", 1},
      {"**", "dir/file", 1},
      {"**/", "file", 1},
      {"**/", "dir/file", 1},
      {"**/**", "dir/file", 1},
      {"dir/**", "dir/file", 1},
      {"dir/**", "dir/dir2/file", 1},
      {"dir/**", "dir", 0},
      {"**/dir", "dir", 1},
      {"**/dir", "dir/file", 1},
      {"**/dir2/*", "dir/dir2/file", 1},
      {"**/dir2/*", "dir/dir2/dir2/file", 1},
      {"**file", "file", 1},
      {"**file", "dir/file", 1},
      {"**/file", "dir/file", 1},
      {"**file", "dir/dir/file", 1},
      {"**/file*", "dir/dir/file.txt", 1},
      {"**/file*txt", "dir/dir/file.txt", 1},
      {"**/file*.txt*", "dir/dir/file.txt", 1},
      {"**/**/*.txt", "dir/dir/file.txt", 1},
      {"**/**/*.txt2", "dir/dir/file.txt", 0},
      {"**/*.txt", "file.txt", 1},
      {"a**/*.txt", "a/file.txt", 1},
      {"a**/*.txt", "a/dir/file.txt", 1},
      {"a[b-d]e", "ae", 0},
      {"a[b-d]e", "ace", 1},
      {"a[b-d]e", "aae", 0},
      {"a[^b-d]e", "aze", 1},
      {".*", ".foo", 1},
      {".*", "foo", 0},
      {"abc.def", "abcdef", 0},
      {"abc.def", "abc.def", 1},
      {"abc.def", "abcZdef", 0},
      {"abc?def", "abcZdef", 1},
      {"abc?def", "abcdef", 0},
      {"a\\\\", "a\\", 1},
      {"**/foo/bar", "foo/bar", 1},
      {"**/foo/bar", "dir/foo/bar", 1},
      {"abc/**", "abc", 0},
      {"abc/**", "abc/def", 1},
      {"abc/**", "abc/def/ghi", 1},
      {"**/.foo", ".foo", 1},
      {"**/.foo", "bar.foo", 0},
      {"a(b)c/def", "a(b)c/def", 1},
      {"a(b)c/def", "a(b)c/xyz", 0},
      {"a.|)$(}+{bc", "a.|)$(}+{bc", 1},
      {"dist/*.whl", "dist/proxy.py-2.4.0rc3-py3-none-any.whl", 1},
      {"foo", "foo/bar/baz", 1},
      {"foo", "foobar", 0},
      {"/foo", "foo", 1},
      {"foo/", "foo/x", 1},
      {"*", "a/b/c", 1},
      {"a/*/c", "a/b/c", 1},
      {"a/*/c", "a/b/d/c", 0},
      {"a/**/c", "a/c", 1},
      {"a/**/c", "a/b/d/c", 1},
      {"a/**/c", "ac", 0}};
  for (const MatchCase& item : cases) {
    EXPECT_EQ(ignored({item.pattern}, item.path), item.result == 1)
        << item.pattern << " on " << item.path;
  }
}

TEST(IgnoreMatcher, TheLastMatchWins) {
  EXPECT_FALSE(ignored({"*", "!keep"}, "keep"));
  EXPECT_FALSE(ignored({"*", "!keep"}, "keep/below"));
  EXPECT_TRUE(ignored({"*", "!keep"}, "other"));
  EXPECT_TRUE(ignored({"*", "!keep", "keep/x"}, "keep/x"));
  EXPECT_TRUE(ignored({"!keep", "*"}, "keep"));
  EXPECT_FALSE(ignored({"*.md", "!README.md"}, "README.md"));
  EXPECT_TRUE(ignored({"*.md", "!README*.md", "README-secret.md"}, "README-secret.md"));
  EXPECT_TRUE(ignored({"docs", "!docs/README.md"}, "docs/x"));
  EXPECT_FALSE(ignored({"docs", "!docs/README.md"}, "docs/README.md"));
  EXPECT_FALSE(ignored({}, "a"));
}

TEST(IgnoreMatcher, KnowsWhereAWalkMaySkip) {
  const auto may = [](const std::vector<std::string>& patterns, std::string_view path) {
    return IgnoreMatcher::make(patterns)->may_reinclude_below(path);
  };
  EXPECT_FALSE(may({"node_modules"}, "node_modules"));
  EXPECT_FALSE(may({"*", "!src"}, "node_modules"));
  EXPECT_TRUE(may({"*", "!src/main.c"}, "src"));
  EXPECT_FALSE(may({"*", "!src/main.c"}, "srcs"));
  EXPECT_FALSE(may({"*", "!src/main.c"}, "src/sub"));
  EXPECT_TRUE(may({"*", "!**/keep"}, "any/where"));
  EXPECT_TRUE(may({"*", "!a*/keep"}, "abc"));
  EXPECT_FALSE(may({"*", "!a*/keep"}, "bc"));
}

// Skipping a directory must never lose a file that would have been taken.
TEST(IgnoreMatcher, SkippingLosesNothing) {
  const std::vector<std::vector<std::string>> sets = {{"*", "!a/b"},
                                                      {"**", "!*/b/c"},
                                                      {"a", "!a/?/c", "a/b/c/d"},
                                                      {"a/**", "!**/d"},
                                                      {"*", "!a**c"}};
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  for (const auto& patterns : sets) {
    const auto matcher = IgnoreMatcher::make(patterns);
    for (const auto& x : names) {
      for (const auto& y : names) {
        for (const auto& z : names) {
          const std::string parent = std::string(x).append("/").append(y);
          const std::string path = std::string(parent).append("/").append(z);
          if (matcher->ignored(path)) {
            continue;
          }
          for (const std::string& above : {x, parent}) {
            EXPECT_TRUE(!matcher->ignored(above) || matcher->may_reinclude_below(above))
                << path << " is lost at " << above;
          }
        }
      }
    }
  }
}

TEST(IgnoreMatcher, MalformedPatternsAreNamed) {
  for (const std::string pattern : {"[", "!", "a[b", "!a\\", "[]", "! "}) {
    const auto matcher = IgnoreMatcher::make({"fine", pattern});
    ASSERT_FALSE(matcher.ok()) << pattern;
    EXPECT_EQ(matcher.error().code, ErrorCode::Input);
    EXPECT_NE(matcher.error().message.find(pattern), std::string::npos);
  }
}

TEST(IgnoreMatcher, TakesNoPatternThatIsLongerThanAnyPath) {
  std::string longest = "a";
  longest.resize(std::size_t{50'000'000}, 'a');
  const auto matcher = IgnoreMatcher::make({longest});
  ASSERT_FALSE(matcher.ok());
  EXPECT_EQ(matcher.error().message,
            "pattern `" + std::string(40, 'a') + "…` is longer than 16384 bytes");
}

// What a reader who knows nothing of the machine would do: pattern by pattern, the last one wins.
bool decided_one_by_one(const std::vector<std::string>& patterns, const std::string& path) {
  bool result = false;
  for (const std::string& pattern : patterns) {
    const bool negated = pattern[0] == '!';
    if (ignored({pattern.substr(negated ? 1 : 0)}, path)) {
      result = !negated;
    }
  }
  return result;
}

TEST(IgnoreMatcher, DecidesAsItsPatternsOneByOne) {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {"a",  "b",    "ab",   "*",  "?",
                                           "**", "[ab]", "[^a]", "a*", "é"};
  const auto path_of = [&](std::size_t kinds) {
    std::string path;
    for (auto i = 1 + random() % 4; i > 0; --i) {
      path += (path.empty() ? "" : "/") + pieces[random() % kinds];
    }
    return path;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> patterns;
    for (auto i = random() % 6; i > 0; --i) {
      patterns.push_back((random() % 3 == 0 ? "!" : "") + path_of(pieces.size()));
    }
    const auto matcher = IgnoreMatcher::make(patterns);
    ASSERT_TRUE(matcher.ok());
    for (int i = 0; i < 30; ++i) {
      const std::string path = i % 5 == 0 ? path_of(3) + "/é" : path_of(3);
      EXPECT_EQ(matcher->ignored(path), decided_one_by_one(patterns, path)) << path;
    }
  }
}

// More states than are kept: forgetting them changes nothing.
TEST(IgnoreMatcher, ForgetsStatesAndDecidesAsBefore) {
  std::string hard = "**/*a";
  for (int i = 0; i < 16; ++i) {
    hard += "?";
  }
  const auto matcher = IgnoreMatcher::make({hard, "!**/keep"});
  std::mt19937 random(13);
  for (int i = 0; i < 20000; ++i) {
    std::string name;
    for (int j = 0; j < 24; ++j) {
      name += random() % 2 == 0 ? 'a' : 'b';
    }
    // `*` in front, so that every `a` of the name may be the one.
    EXPECT_EQ(matcher->ignored("d/" + name), name[name.size() - 17] == 'a');
  }
}

TEST(ParseIgnore, AsDockerReadsIt) {
  EXPECT_EQ(parse_ignore(
                "\xEF\xBB\xBF# comment\n\n  *.o  \r\n/abs/x/\n!/keep\n! spaced \n #no\n./a//b/\n."),
            (std::vector<std::string>{"*.o", "abs/x", "!keep", "!spaced", "#no", "a/b", "."}));
  EXPECT_EQ(parse_ignore("!"), std::vector<std::string>{"!"});
  EXPECT_TRUE(parse_ignore("").empty());
}

TEST(Patterns, TakeNoExponentialTime) {
  const auto start = std::chrono::steady_clock::now();
  std::string stars;
  std::string directories;
  for (int i = 0; i < 30; ++i) {
    stars += "a*";
    directories += "**/a*/";
  }
  const std::string path(3000, 'a');
  EXPECT_FALSE(*match_pattern(stars + "b", path));
  EXPECT_FALSE(ignored({stars + "b", directories + "b"}, path));
  std::string deep;
  for (int i = 0; i < 300; ++i) {
    deep += "aa/";
  }
  EXPECT_FALSE(ignored({directories + "b"}, deep + "c"));
  const auto elapsed = std::chrono::steady_clock::now() - start;
  EXPECT_LT(elapsed, std::chrono::seconds(5));
}

TEST(Wildcards, AreSeen) {
  EXPECT_TRUE(has_wildcard("a/*/b"));
  EXPECT_TRUE(has_wildcard("a?"));
  EXPECT_TRUE(has_wildcard("[a]"));
  EXPECT_FALSE(has_wildcard("a/b]"));
}

}  // namespace
}  // namespace strata::ir
