// Modules: validity, chains, configs and their one-line descriptions.
#include "ir/module.h"

#include <gtest/gtest.h>

#include "ir/base/consumer.h"
#include "ir/base/text.h"
#include "ir/image_config.h"
#include "ir/verifier.h"
#include "tests/unit/ir/field_mutations.h"
#include "tests/unit/ir/sample_module.h"

namespace strata::ir {
namespace {

bool is_valid(const Module& module) {
  CollectingConsumer consumer;
  Emitter emitter(consumer);
  return verify(module, emitter);
}

TEST(Verifier, TakesTheSampleAndNothing) {
  EXPECT_TRUE(is_valid(sample_module()));
  EXPECT_TRUE(is_valid(Module{}));
}

// Whatever a parsed text holds, verifying must come to an answer.
TEST(Verifier, SurvivesEveryMutation) {
  const Module module = sample_module();
  for (std::size_t i = 0; i < module.ops.size(); ++i) {
    for (const Mutation& mutation : mutations_of(module.ops[i])) {
      Module changed = module;
      changed.ops[i] = mutation.op;
      static_cast<void>(is_valid(changed));
    }
  }
}

TEST(Module, ChainsRunFromTheBottom) {
  const Module module = sample_module();
  EXPECT_EQ(root_chain(module, OpId{6}), (std::vector<OpId>{{0}, {4}, {5}, {6}}));
  EXPECT_EQ(root_chain(module, OpId{1}), std::vector<OpId>{{1}});
  EXPECT_EQ(config_chain(module, OpId{7}), (std::vector<OpId>{{0}, {7}}));
  EXPECT_EQ(stage_epoch(module, OpId{6}), 1700000000);
  EXPECT_EQ(stage_epoch(module, OpId{1}), 315532800);
  EXPECT_TRUE(is_bound(module));
}

TEST(Module, OperandsComeInFieldOrder) {
  const Module module = sample_module();
  EXPECT_EQ(operands(module.ops[4]), (std::vector<OpId>{{1}, {0}}));
  EXPECT_EQ(operands(module.ops[5]), (std::vector<OpId>{{4}, {2}, {3}, {0}}));
  EXPECT_TRUE(operands(module.ops[0]).empty());
  EXPECT_EQ(root_operand(module.ops[5]), OpId{4});
  EXPECT_FALSE(root_operand(module.ops[7]).valid());
}

TEST(Module, EqualityIgnoresLocationsOnly) {
  Module module = sample_module();
  Module other = module;
  other.ops[0].loc = {FileId{3}, 1, 2};
  other.stages[0].loc = {FileId{3}, 1, 2};
  std::get<Copy>(other.ops[5].data).sources[0].loc = {FileId{3}, 1, 2};
  EXPECT_TRUE(module == other);
  for (const Mutation& mutation : mutations_of(module.ops[5])) {
    other.ops[5] = mutation.op;
    EXPECT_FALSE(module == other) << mutation.field;
  }
}

TEST(BuilderDeathTest, OperandsMustPrecede) {
  Module module;
  Builder builder(module);
  EXPECT_DEATH(builder.add(Mkdir{.root = OpId{0}}, {}), "must precede");
  EXPECT_DEATH(builder.add_stage("a", OpId{0}, OpId{0}, {}), "must precede");
  EXPECT_DEATH(builder.add_target({}), "must precede");
}

TEST(Describe, SaysEachOpAsADockerfileDoes) {
  const Module module = sample_module();
  const auto text = [&](std::uint32_t index) { return describe(module, OpId{index}); };
  EXPECT_EQ(text(0), "FROM docker.io/library/debian:bookworm-slim");
  EXPECT_EQ(text(1), "FROM scratch");
  EXPECT_EQ(text(4),
            "RUN --network=none --mount=type=bind,source=/usr,target=/mnt /bin/sh -c make \"all\"");
  EXPECT_EQ(text(5), "ADD --chown=1:2 --chmod=644 local:" + Digest::of("tree").short_hex() +
                         " hello.sh /out/* /app/");
  EXPECT_EQ(text(6), "WORKDIR /work");
  EXPECT_EQ(text(7),
            "WORKDIR /work; ENV A=1; LABEL l=\"v w\"; SHELL [\"/bin/bash\", \"-c\"]; USER app; "
            "EXPOSE 80/tcp; VOLUME /data; HEALTHCHECK --interval=30s --timeout=1500ms "
            "--start-period=2ns --start-interval=1ns --retries=3 CMD true; STOPSIGNAL SIGTERM; "
            "ENTRYPOINT [\"/app/run\", \"-v\"]; CMD []");
}

// History reaches image bytes: what no record covers may not be in it.
TEST(Describe, HistoryIsBlindToNamesAndPlanIsNot) {
  Module module = sample_module();
  const auto copy_from_stage = Builder(module).add(
      Copy{.dest = "/", .root = OpId{1}, .sources = {{.path = "/a", .tree = OpId{6}}}}, {});
  const std::string history = describe(module, copy_from_stage);
  EXPECT_EQ(history, "COPY /a /");
  EXPECT_EQ(describe(module, copy_from_stage, DescribeFor::Plan), "COPY --from=final /a /");
  module.stages[0].name = "renamed";
  EXPECT_EQ(describe(module, copy_from_stage), history);
  EXPECT_EQ(describe(module, copy_from_stage, DescribeFor::Plan), "COPY --from=renamed /a /");
  const std::string before = describe(module, OpId{5});
  auto& local = std::get<Local>(module.ops[2].data);
  local.source = "elsewhere";
  local.context = "other";
  local.ignore = {};
  EXPECT_EQ(describe(module, OpId{5}), before);
  EXPECT_NE(describe(module, OpId{5}, DescribeFor::Plan).find("other:elsewhere"),
            std::string::npos);
}

TEST(Describe, IsOneLineOfUtf8WhateverTheBytes) {
  const Module module = sample_module();
  for (std::size_t i = 0; i < module.ops.size(); ++i) {
    for (const Mutation& mutation : mutations_of(module.ops[i])) {
      Module changed = module;
      changed.ops[i] = mutation.op;
      if (operands(mutation.op).size() != operands(module.ops[i]).size() ||
          (i == 5 && mutation.field == "sources")) {
        continue;
      }
      const std::string text = describe(changed, OpId{static_cast<std::uint32_t>(i)});
      EXPECT_TRUE(is_utf8(text));
      for (const char c : text) {
        EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
      }
    }
  }
}

TEST(Apply, SetsMergesAndAdds) {
  ImageConfig config;
  config.env = {{"PATH", "/bin"}, {"A", "1"}};
  config.labels = {{"l", "old"}};
  config.cmd = Strings{"old"};
  config.user = "old";
  config.ports = {"80/tcp"};
  apply(Config{.cmd = Strings{},
               .env = {{"A", "2"}, {"B", "3"}, {"PATH", "/usr/bin"}},
               .labels = {{"l", "new"}},
               .ports = {"443/tcp", "80/tcp"},
               .user = "",
               .volumes = {"/v", "/v"},
               .workdir = "/w"},
        config);
  EXPECT_EQ(config.env, (Pairs{{"PATH", "/usr/bin"}, {"A", "2"}, {"B", "3"}}));
  EXPECT_EQ(config.labels, (Pairs{{"l", "new"}}));
  EXPECT_EQ(config.cmd, Strings{});
  EXPECT_EQ(config.entrypoint, std::nullopt);
  EXPECT_EQ(config.user, "");
  EXPECT_EQ(config.workdir, "/w");
  EXPECT_EQ(config.ports, (Strings{"80/tcp", "443/tcp"}));
  EXPECT_EQ(config.volumes, Strings{"/v"});
  const ImageConfig before = config;
  apply(Config{}, config);
  EXPECT_EQ(config, before);
}

}  // namespace
}  // namespace strata::ir
