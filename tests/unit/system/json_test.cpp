// JSON from outside: what is refused before anything recurses over it.
#include "backend/system/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace strata::backend {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(ParseJson, TakesNoDocumentThatNestsTooDeep) {
  EXPECT_FALSE(parse_json(nested(100)).is_discarded());
  EXPECT_TRUE(parse_json(nested(101)).is_discarded());
  EXPECT_TRUE(parse_json(std::string(2000000, '[')).is_discarded());
  std::string objects;
  for (int i = 0; i < 200000; ++i) {
    objects += "{\"a\":";
  }
  EXPECT_TRUE(parse_json(objects).is_discarded());
  // Brackets in strings are text.
  EXPECT_EQ(parse_json("\"\\\"" + std::string(200, '[') + "\"").get<std::string>().size(), 201U);
  EXPECT_TRUE(parse_json("{").is_discarded());
}

}  // namespace
}  // namespace strata::backend
