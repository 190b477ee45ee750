// Paths on their edge cases.
#include "ir/base/path.h"

#include <gtest/gtest.h>

namespace strata {
namespace {

using Names = std::vector<std::string>;

TEST(Path, PartsAtTheLastSlash) {
  EXPECT_EQ(parent_of("a/b/c"), "a/b");
  EXPECT_EQ(base_name("a/b/c"), "c");
  EXPECT_EQ(parent_of("a"), "");
  EXPECT_EQ(base_name("a"), "a");
  EXPECT_EQ(parent_of("/a"), "");
  EXPECT_EQ(base_name("/a"), "a");
  EXPECT_EQ(parent_of("a/"), "a");
  EXPECT_EQ(base_name("a/"), "");
  EXPECT_EQ(parent_of(""), "");
  EXPECT_EQ(base_name(""), "");
}

TEST(Path, JoinsWhatIsThere) {
  EXPECT_EQ(join_path("a", "b/c"), "a/b/c");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(join_path("a", ""), "a");
  EXPECT_EQ(join_path("", ""), "");
}

TEST(Path, EmptyNamesAreNoComponents) {
  EXPECT_EQ(path_components("/a//b/"), (Names{"a", "b"}));
  EXPECT_EQ(path_components("./../a"), (Names{".", "..", "a"}));
  EXPECT_EQ(path_components("/"), Names());
  EXPECT_EQ(path_components(""), Names());
}

}  // namespace
}  // namespace strata
