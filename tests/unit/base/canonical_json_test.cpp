// The exact bytes of canonical JSON, and what its writer refuses.
#include "ir/base/canonical_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace strata {
namespace {

std::string string_of(std::string_view bytes) { return CanonicalJson().string(bytes).take(); }
std::string integer_of(std::int64_t value) { return CanonicalJson().integer(value).take(); }

TEST(CanonicalJson, WritesNestedValuesWithoutWhiteSpace) {
  CanonicalJson json;
  json.begin_object().key("a").begin_array().integer(1).boolean(true).null().end_array();
  json.key("b").begin_object().end_object().key("c").begin_array().end_array().end_object();
  EXPECT_EQ(json.text(), R"({"a":[1,true,null],"b":{},"c":[]})");
}

TEST(CanonicalJson, EscapesAsRfc8785Says) {
  EXPECT_EQ(string_of("\b\t\n\f\r\"\\/"), R"("\b\t\n\f\r\"\\/")");
  EXPECT_EQ(string_of(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(string_of("\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST(CanonicalJson, NothingIsUnicodeNormalized) {
  EXPECT_NE(string_of("\xC3\xA9"), string_of("e\xCC\x81"));
}

TEST(CanonicalJson, BytesThatAreNotUtf8AreBase64) {
  EXPECT_EQ(string_of("\xFF"), R"({"base64":"/w=="})");
  EXPECT_EQ(string_of("a\xC3"), R"({"base64":"YcM="})");
  // An overlong `/` and a surrogate are not UTF-8 either.
  EXPECT_EQ(string_of("\xC0\xAF"), R"({"base64":"wK8="})");
  EXPECT_EQ(string_of("\xED\xA0\x80"), R"({"base64":"7aCA"})");
}

// A text that looks like the escape of another must not be equal to it.
TEST(CanonicalJson, NoTwoStringsShareATextEvenIfOneIsBase64) {
  EXPECT_NE(string_of("\xFF"), string_of(R"({"base64":"/w=="})"));
}

TEST(CanonicalJson, IntegersBeyondDoublePrecisionAreStrings) {
  EXPECT_EQ(integer_of(9007199254740991), "9007199254740991");
  EXPECT_EQ(integer_of(-9007199254740991), "-9007199254740991");
  EXPECT_EQ(integer_of(9007199254740992), "\"9007199254740992\"");
  EXPECT_EQ(integer_of(std::numeric_limits<std::int64_t>::min()), "\"-9223372036854775808\"");
  EXPECT_EQ(integer_of(0), "0");
}

TEST(CanonicalJson, RawIsTakenAsItIs) {
  CanonicalJson json;
  json.begin_array().raw(R"({"a":1})").raw("2").end_array();
  EXPECT_EQ(json.text(), R"([{"a":1},2])");
}

TEST(CanonicalJson, EveryByteStringIsReadBackByAnotherReader) {
  for (int first = 0; first < 256; ++first) {
    for (const std::string tail : {"", "\x80", "a\"\\"}) {
      const std::string bytes = static_cast<char>(first) + tail;
      const auto read = nlohmann::json::parse(string_of(bytes));
      if (read.is_string()) {
        EXPECT_EQ(read.get<std::string>(), bytes);
      } else {
        EXPECT_TRUE(read.contains("base64"));
      }
    }
  }
}

TEST(CanonicalJsonDeathTest, MembersMustComeInOrderOnce) {
  EXPECT_DEATH(CanonicalJson().begin_object().key("b").null().key("a"), "byte order");
  EXPECT_DEATH(CanonicalJson().begin_object().key("a").null().key("a"), "byte order");
  EXPECT_DEATH(CanonicalJson().begin_object().key("\xC3\xA9"), "not ASCII");
  EXPECT_DEATH(CanonicalJson().begin_object().null(), "without a name");
  EXPECT_DEATH(CanonicalJson().begin_array().key("a"), "no member");
  EXPECT_DEATH(CanonicalJson().null().null(), "second value");
}

}  // namespace
}  // namespace strata
