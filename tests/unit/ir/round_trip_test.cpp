// parse(print(m)) == m for every module, whatever the bytes; and what the parser refuses.
#include <gtest/gtest.h>

#include <random>

#include "ir/base/consumer.h"
#include "ir/base/text.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "tests/unit/ir/field_mutations.h"
#include "tests/unit/ir/sample_module.h"

namespace strata::ir {
namespace {

struct Parsed {
  std::optional<Module> module;
  std::vector<Diagnostic> diagnostics;
};

Parsed parse_text(const std::string& text) {
  SourceMap sources;
  CollectingConsumer consumer;
  Emitter emitter(consumer);
  const FileId file = sources.add("input.sir", text);
  auto module = parse(file, sources, emitter);
  return {std::move(module), consumer.diagnostics()};
}

void expect_round_trip(const Module& module) {
  const std::string text = print(module);
  EXPECT_TRUE(is_utf8(text));
  const Parsed parsed = parse_text(text);
  ASSERT_TRUE(parsed.module.has_value()) << text << parsed.diagnostics.at(0).message;
  EXPECT_TRUE(*parsed.module == module) << text;
  EXPECT_EQ(print(*parsed.module), text);
}

TEST(RoundTrip, SampleAndEmpty) {
  expect_round_trip(sample_module());
  expect_round_trip(Module{});
}

TEST(RoundTrip, EveryMutationOfEveryField) {
  const Module module = sample_module();
  for (std::size_t i = 0; i < module.ops.size(); ++i) {
    for (const Mutation& mutation : mutations_of(module.ops[i])) {
      Module changed = module;
      changed.ops[i] = mutation.op;
      expect_round_trip(changed);
      EXPECT_NE(print(changed), print(module)) << mutation.field;
    }
  }
}

TEST(RoundTrip, StagesAndTargetsThatAreNotValid) {
  Module module = sample_module();
  module.stages.push_back({"", OpId{}, OpId{900}, {}});
  module.stages.push_back(module.stages[0]);
  module.targets.push_back(
      {.name = "\"\n\xff", .stage = {}, .platform = "", .run_mounts = {{}}, .loc = {}});
  std::get<Copy>(module.ops[5].data).sources[0].tree = OpId{};
  expect_round_trip(module);
}

TEST(RoundTrip, RandomBytesInEveryString) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (auto i = random() % 12; i > 0; --i) {
      bytes += static_cast<char>(random() % (round % 2 == 0 ? 256 : 0x60));
    }
    Module module = sample_module();
    auto& exec = std::get<Exec>(module.ops[4].data);
    exec.args = {bytes, bytes + "\\x41", "//" + bytes};
    exec.env = {{bytes, bytes}};
    std::get<Inline>(module.ops[3].data).files[0].content = bytes;
    module.stages[0].name = bytes;
    expect_round_trip(module);
  }
}

TEST(RoundTrip, LocationsOfKnownFilesAreKept) {
  SourceMap sources;
  const FileId file = sources.add("Dock\"er\xff", std::string(50, ' '));
  Module module = sample_module();
  module.ops[0].loc = {file, 1, 5};
  module.ops[0].also = {{file, 6, 7}, {file, 8, 50}};
  module.stages[0].loc = {file, 0, 50};
  module.targets[0].loc = {file, 3, 3};
  const std::string text = print(module, {.sources = &sources});
  CollectingConsumer consumer;
  Emitter emitter(consumer);
  const auto again = parse(sources.add("x", text), sources, emitter);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->ops[0].loc, module.ops[0].loc);
  EXPECT_EQ(again->ops[0].also, module.ops[0].also);
  EXPECT_EQ(again->stages[0].loc, module.stages[0].loc);
  EXPECT_EQ(again->targets[0].loc, module.targets[0].loc);
}

// A location that does not lie in its file would make rendering read outside of it.
TEST(Parser, LocationsOutsideOfTheirFileAreDropped) {
  const Parsed parsed = parse_text(
      "strata.ir 1\n"
      "%0 = scratch loc(\"input.sir\":5:99999) loc(\"other\":1:2)\n");
  ASSERT_TRUE(parsed.module.has_value());
  EXPECT_LE(parsed.module->ops[0].loc.end, 99U);
  EXPECT_TRUE(parsed.module->ops[0].also.empty());
}

TEST(Parser, CommentsBlankLinesAndOrderAreFree) {
  const Parsed parsed = parse_text(
      "// a comment\n\nstrata.ir 1 // version\r\n"
      "  %0 = scratch   platform = \"linux/amd64\" epoch=1// end\n"
      "\t%1=mkdir root=%0 path=\"//not a comment\"");
  ASSERT_TRUE(parsed.module.has_value());
  EXPECT_EQ(parsed.module->ops.size(), 2U);
  EXPECT_EQ(std::get<Mkdir>(parsed.module->ops[1].data).path, "//not a comment");
}

struct Refused {
  std::string line;
  std::string message;
};

TEST(Parser, RefusesEachMistakeWhereItStands) {
  const std::string digest = "sha256:" + std::string(64, 'A');
  const std::vector<Refused> cases = {
      {"%0 = scratch epoch=x", "found `x`, expected a number"},
      {"%0 = scratch epoch=", "expected a number"},
      {"%0 = scratch epoch=9223372036854775808", "`9223372036854775808` is out of range"},
      {"%0 = scratch epoch=1 epoch=2", "field `epoch` is set twice"},
      {"%0 = scratch epcoh=1", "unknown field `epcoh`"},
      {"%0 = scrach", "unknown op `scrach`"},
      {"%1 = scratch", "expected the number 0: numbers count up from 0"},
      {"%0 scratch", "found `scratch`, expected `=`"},
      {"%4294967295 = scratch", "`4294967295` is out of range"},
      {"%-1 = scratch", "`-1` is out of range"},
      {"%0 = mkdir path=\"a", "string has no closing quote on its line"},
      {"%0 = mkdir path=\"\\q\"", "unknown escape in string"},
      {"%0 = mkdir path=\"\\x4\"", "unknown escape in string"},
      {"%0 = mkdir path=\"\\ud800\"", "unknown escape in string"},
      {"%0 = mkdir path=\"\\", "unknown escape in string"},
      {"%0 = mkdir root=0", "found `0`, expected `%`"},
      {"%0 = copy unpack=yes", "found `yes`, expected `true` or `false`"},
      {"%0 = local tree=" + digest,
       "found `sha256`, expected a digest (`sha256:` and 64 lower-case hex digits)"},
      {"%0 = exec args=[\"a\" \"b\"]", "found `\"`, expected `]`"},
      {"%0 = exec args=[", "expected a string"},
      {"%0 = exec env=[\"a\"]", "found `]`, expected `=`"},
      {"%0 = exec mounts=[{path=\"/\" path=\"/\"}]", "field `path` is set twice"},
      {"%0 = exec mounts=[{oops=1}]", "unknown field `oops`"},
      {"%0 = exec mounts=[{", "expected a field"},
      {"%0 = scratch loc(\"a\":1)", "found `)`, expected `:`"},
      {"%0 = scratch loc(\"a\":1:2) x", "found `x`, expected the end of the line"},
      {"@0 = stag \"a\"", "found `stag`, expected `stage`"},
      {"target stage=@0", "found `stage`, expected a string"},
      {"hello", "found `hello`, expected an op (`%0 = …`), a stage (`@0 = stage …`) or a `target`"},
  };
  for (const Refused& refused : cases) {
    const Parsed parsed = parse_text("strata.ir 1\n" + refused.line + "\n");
    EXPECT_FALSE(parsed.module.has_value()) << refused.line;
    ASSERT_EQ(parsed.diagnostics.size(), 1U) << refused.line;
    EXPECT_EQ(parsed.diagnostics[0].message, refused.message) << refused.line;
    EXPECT_EQ(parsed.diagnostics[0].kind, Kind::IrSyntax);
    EXPECT_GE(parsed.diagnostics[0].loc.begin, 12U) << refused.line;
    EXPECT_LE(parsed.diagnostics[0].loc.end, 12U + refused.line.size()) << refused.line;
  }
}

TEST(Parser, HeaderIsRequired) {
  for (const char* text : {"", "// x\n", "%0 = scratch", "strata.ir 2\n", "strata.ir 1 x\n"}) {
    const Parsed parsed = parse_text(text);
    EXPECT_FALSE(parsed.module.has_value());
    ASSERT_EQ(parsed.diagnostics.size(), 1U);
  }
}

TEST(Parser, OneMistakeALineIsReported) {
  const Parsed parsed = parse_text(
      "strata.ir 1\n%0 = scrach\n%1 = mkdir path=1\n%2 = mkdir root=%1 path=\"/a\"\noops\n");
  EXPECT_EQ(parsed.diagnostics.size(), 3U);
}

TEST(Parser, SurvivesEveryCutAndByteFlip) {
  const std::string text = print(sample_module());
  for (std::size_t cut = 0; cut < text.size(); cut += 3) {
    static_cast<void>(parse_text(text.substr(0, cut)));
  }
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::string changed = text;
    changed[random() % changed.size()] = static_cast<char>(random() % 256);
    const Parsed parsed = parse_text(changed);
    EXPECT_NE(parsed.module.has_value(), !parsed.diagnostics.empty());
  }
}

}  // namespace
}  // namespace strata::ir
