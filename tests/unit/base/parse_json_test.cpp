// The guard before nlohmann: what a small text may not grow to.
#include "ir/base/parse_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace strata {
namespace {

std::string nested(int depth) {
  const auto size = static_cast<std::size_t>(depth);
  return std::string(size, '[') + std::string(size, ']');
}

std::string message_of(std::string_view text) {
  const Result<nlohmann::json> result = parse_json(text);
  return result ? "parsed" : result.error().message;
}

TEST(ParseJson, ReadsJson) {
  const Result<nlohmann::json> document = parse_json(R"({"a":[1,"[{\"",true]})");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->at("a").size(), 3U);
  EXPECT_EQ(document->at("a").at(1), "[{\"");
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const char* text : {"", "[", "{\"a\":1}}", "\"a", "\"\\", "]"}) {
    EXPECT_EQ(message_of(text), "not JSON") << text;
  }
}

TEST(ParseJson, NestingIsCapped) {
  EXPECT_EQ(message_of(nested(kMaxJsonDepth)), "parsed");
  EXPECT_EQ(message_of(nested(kMaxJsonDepth + 1)), "JSON nested more than 128 deep");
  EXPECT_EQ(message_of(nested(5'000'000)), "JSON nested more than 128 deep");
}

TEST(ParseJson, BracketsInStringsAreNoNesting) {
  EXPECT_EQ(message_of("\"\\\"" + std::string(500, '[') + "\""), "parsed");
}

TEST(ParseJson, ValuesAreCapped) {
  std::string text = "[0";
  for (std::size_t i = 0; i < kMaxJsonValues; ++i) {
    text += ",0";
  }
  EXPECT_EQ(message_of(text + "]"), "JSON of more than 1000000 values");
}

TEST(ParseJson, SizeIsCapped) {
  EXPECT_EQ(message_of("\"" + std::string(kMaxJsonBytes, 'x') + "\""),
            "JSON of 67.1 MB, more than 67.1 MB");
}

}  // namespace
}  // namespace strata
