// Source positions and digests.
#include <gtest/gtest.h>

#include <unordered_set>

#include "ir/base/digest.h"
#include "ir/base/source.h"

namespace strata {
namespace {

TEST(Source, LinesAndColumns) {
  SourceMap sources;
  const FileId id = sources.add("f", "ab\r\n\ncd");
  const SourceFile& file = sources.file(id);
  EXPECT_EQ(file.line_count(), 3U);
  EXPECT_EQ(file.line(1), "ab");
  EXPECT_EQ(file.line(2), "");
  EXPECT_EQ(file.line(3), "cd");
  EXPECT_EQ(file.line_column(0).column, 1U);
  EXPECT_EQ(file.line_column(4).line, 2U);
  EXPECT_EQ(file.line_column(5).line, 3U);
  EXPECT_EQ(file.line_column(7).column, 3U);
  EXPECT_EQ(sources.describe({id, 5, 6}), "f:3:1");
  EXPECT_EQ(sources.describe({}), "");
  EXPECT_EQ(sources.text({id, 5, 7}), "cd");
}

TEST(Source, FilesAreFoundByTheirFirstName) {
  SourceMap sources;
  const FileId first = sources.add("a", "1");
  sources.add("a", "2");
  EXPECT_EQ(sources.find("a"), first);
  EXPECT_FALSE(sources.find("b").valid());
}

TEST(Source, JoinCoversBoth) {
  SourceMap sources;
  const FileId id = sources.add("f", "0123456789");
  EXPECT_EQ(join({id, 5, 6}, {id, 1, 2}), (Loc{id, 1, 6}));
  EXPECT_EQ(join({}, {id, 1, 2}), (Loc{id, 1, 2}));
  EXPECT_EQ(join({id, 1, 2}, {}), (Loc{id, 1, 2}));
}

constexpr std::string_view kEmptySha =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, IsSha256) {
  EXPECT_EQ(Digest::of("").str(), kEmptySha);
  Sha256 pieces;
  pieces.update("a");
  pieces.update("");
  pieces.update("bc");
  EXPECT_EQ(pieces.finish(), Digest::of("abc"));
  EXPECT_EQ(Digest::of("abc").short_hex(), "ba7816bf8f01");
}

TEST(Digest, OnlyTheCanonicalTextParses) {
  EXPECT_EQ(Digest::parse(kEmptySha), Digest::of(""));
  std::string upper(kEmptySha);
  upper[7] = 'E';
  const std::string text(kEmptySha);
  for (const std::string& bad :
       {upper, text + "0", text.substr(0, 70), std::string("sha512:") + text.substr(7),
        text.substr(7), std::string("sha256:../../") + text.substr(13), " " + text,
        std::string()}) {
    EXPECT_EQ(Digest::parse(bad), std::nullopt) << bad;
  }
}

TEST(Digest, HashesSpread) {
  std::unordered_set<Digest> set;
  for (int i = 0; i < 100; ++i) {
    set.insert(Digest::of(std::to_string(i)));
  }
  EXPECT_EQ(set.size(), 100U);
}

}  // namespace
}  // namespace strata
