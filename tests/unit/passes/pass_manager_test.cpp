// The pass manager, and properties of the default pipeline that no single golden shows.
#include "passes/pass_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ir/base/consumer.h"
#include "ir/image_config.h"
#include "ir/printer.h"
#include "ir/record.h"
#include "ir/verifier.h"
#include "tests/unit/ir/sample_module.h"

namespace strata::passes {
namespace {

struct Outcome {
  bool ok = false;
  std::vector<Diagnostic> diagnostics;
};

Outcome run(ir::Module& module, const std::vector<std::string>& names,
            const PassOptions& options = {.verify_each = true, .print_after = {}}) {
  CollectingConsumer consumer;
  Emitter emitter(consumer);
  const bool ok = run_passes(module, names, options, emitter);
  return {ok, consumer.diagnostics()};
}

TEST(PassManager, UnknownPassIsNamedWithTheNearestOne) {
  ir::Module module = ir::sample_module();
  const Outcome outcome = run(module, {"dedupe", "normalise"});
  EXPECT_FALSE(outcome.ok);
  ASSERT_EQ(outcome.diagnostics.size(), 1U);
  EXPECT_EQ(outcome.diagnostics[0].kind, Kind::UnknownPass);
  EXPECT_EQ(outcome.diagnostics[0].message, "unknown pass `normalise`");
  EXPECT_EQ(outcome.diagnostics[0].notes[0].text, "did you mean `normalize`?");
  EXPECT_EQ(module, ir::sample_module()) << "nothing runs unless all names are known";
}

TEST(PassManager, ModulesThatAreNotValidAreRefused) {
  ir::Module module = ir::sample_module();
  module.stages[0].root = ir::OpId{999};
  const Outcome outcome = run(module, {"drop-unused"}, {.print_after = {}});
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.diagnostics.at(0).kind, Kind::IrInvariant);
}

TEST(PassManager, PrintsAfterChangesAndOnDemand) {
  ir::Module module = ir::sample_module();
  std::string log;
  const Outcome outcome =
      run(module, {"drop-unused", "normalize", "dedupe"},
          {.print_changed = true, .time_passes = true, .print_after = {"dedupe"}, .log = &log});
  EXPECT_TRUE(outcome.ok);
  EXPECT_EQ(log.find("// after drop-unused"), std::string::npos) << "it changed nothing";
  EXPECT_NE(log.find("// after dedupe\nstrata.ir 1\n"), std::string::npos);
  EXPECT_NE(log.find("// normalize: "), std::string::npos);
}

TEST(Pipeline, NamesOnlyPassesThatThereAre) {
  for (const std::string& name : default_pipeline()) {
    EXPECT_TRUE(std::any_of(all_passes().begin(), all_passes().end(),
                            [&](const PassInfo& pass) { return pass.name == name; }));
  }
}

TEST(Dedupe, KeepsTheLocationsOfWhatItDrops) {
  ir::Module module;
  ir::Builder builder(module);
  const FileId file{0};
  const auto stage = [&](std::uint32_t at) {
    const auto root = builder.add(ir::Scratch{.platform = "linux/amd64"}, {file, at, at + 1});
    const auto step = builder.add(ir::Mkdir{.path = "/a", .root = root}, {file, at + 1, at + 2});
    const auto id = builder.add_stage("s" + std::to_string(at), step, root, {});
    builder.add_target({.name = "t" + std::to_string(at),
                        .stage = id,
                        .platform = "linux/amd64",
                        .run_mounts = {},
                        .loc = {}});
  };
  stage(10);
  stage(20);
  stage(30);
  ASSERT_TRUE(run(module, {"dedupe"}).ok);
  ASSERT_EQ(module.ops.size(), 2U);
  EXPECT_EQ(module.ops[1].loc, (Loc{file, 11, 12}));
  EXPECT_EQ(module.ops[1].also, (std::vector<Loc>{{file, 21, 22}, {file, 31, 32}}));
  EXPECT_EQ(module.stages[2].root, module.stages[0].root);
}

TEST(Normalize, KeepsTheLocationsOfMergedConfig) {
  ir::Module module;
  ir::Builder builder(module);
  const FileId file{0};
  const auto root = builder.add(ir::Scratch{.platform = "linux/amd64"}, {});
  const auto first = builder.add(ir::Config{.base = root, .user = "a"}, {file, 1, 2});
  const auto second = builder.add(ir::Config{.base = first, .workdir = "/"}, {file, 3, 4});
  const auto stage = builder.add_stage("s", root, second, {});
  builder.add_target(
      {.name = "s", .stage = stage, .platform = "linux/amd64", .run_mounts = {}, .loc = {}});
  ASSERT_TRUE(run(module, {"normalize"}).ok);
  const ir::Op& op = module.op(module.stages[0].config);
  EXPECT_EQ(op.loc, (Loc{file, 3, 4}));
  EXPECT_EQ(op.also, (std::vector<Loc>{{file, 1, 2}}));
}

// Merging each prefix of the chain too would take hours and all memory.
TEST(Normalize, MergesALongConfigChainOnce) {
  ir::Module module;
  ir::Builder builder(module);
  const auto root = builder.add(ir::Scratch{.platform = "linux/amd64"}, {});
  auto config = root;
  for (int i = 0; i < 20000; ++i) {
    config = builder.add(ir::Config{.base = config,
                                    .labels = {{"label" + std::to_string(i), "x"}},
                                    .ports = {"0-65535/udp"}},
                         {});
  }
  const auto stage = builder.add_stage("s", root, config, {});
  builder.add_target(
      {.name = "s", .stage = stage, .platform = "linux/amd64", .run_mounts = {}, .loc = {}});
  ASSERT_TRUE(run(module, default_pipeline()).ok);
  ASSERT_EQ(module.ops.size(), 2U);
  const auto& merged = std::get<ir::Config>(module.ops[1].data);
  EXPECT_EQ(merged.labels.size(), 20000U);
  EXPECT_EQ(merged.ports.size(), 65536U);
}

TEST(DropUnused, TakesManyStagesOnOneChain) {
  ir::Module module;
  ir::Builder builder(module);
  const auto root = builder.add(ir::Scratch{.platform = "linux/amd64"}, {});
  auto config = root;
  for (int i = 0; i < 20000; ++i) {
    config = builder.add(ir::Config{.base = config, .user = std::to_string(i)}, {});
    builder.add_stage("s" + std::to_string(i), root, config, {});
  }
  builder.add_target({.name = "s",
                      .stage = builder.add_stage("last", root, root, {}),
                      .platform = "linux/amd64",
                      .run_mounts = {},
                      .loc = {}});
  ASSERT_TRUE(run(module, {"drop-unused"}).ok);
  EXPECT_EQ(module.ops.size(), 1U);
  EXPECT_EQ(module.stages[0].config, root);
}

// What a target is, apart from how the module says it: the steps of its root and its config.
struct Meaning {
  std::vector<std::string> steps;
  ir::ImageConfig config;
  bool operator==(const Meaning&) const = default;
};

Meaning meaning_of(const ir::Module& module, const ir::Target& target) {
  Meaning meaning;
  const ir::Stage& stage = module.stage(target.stage);
  for (const ir::OpId id : ir::root_chain(module, stage.root)) {
    if (const auto* exec = std::get_if<ir::Exec>(&module.op(id).data)) {
      meaning.steps.push_back(exec->args.front());
    } else if (const auto* copy = std::get_if<ir::Copy>(&module.op(id).data)) {
      meaning.steps.push_back("copy " + copy->sources.front().path + " " + copy->dest);
    }
  }
  for (const ir::OpId id : ir::config_chain(module, stage.config)) {
    if (const auto* change = std::get_if<ir::Config>(&module.op(id).data)) {
      ir::apply(*change, meaning.config);
    }
  }
  std::sort(meaning.config.env.begin(), meaning.config.env.end());
  std::sort(meaning.config.ports.begin(), meaning.config.ports.end());
  return meaning;
}

// Modules of all shapes: several stages that rest on each other, copy from each other, repeat
// steps, and change their configs.
class RandomModule {
 public:
  explicit RandomModule(unsigned seed) : random_(seed), builder_(module_) {}

  ir::Module make() {
    const std::size_t stages = 1 + pick(5);
    for (std::size_t i = 0; i < stages; ++i) {
      add_stage(i);
    }
    return std::move(module_);
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string letter() { return std::string(1, static_cast<char>('a' + pick(3))); }

  void add_stage(std::size_t index) {
    ir::OpId root;
    ir::OpId config;
    if (index > 0 && pick(2) == 0) {
      const ir::Stage& base = module_.stages[pick(module_.stages.size())];
      root = base.root;
      config = base.config;
    } else {
      root = config = builder_.add(
          ir::Image{.epoch = 1, .platform = "linux/amd64", .ref = "debian:" + letter()}, {});
    }
    for (std::size_t steps = pick(6); steps > 0; --steps) {
      add_step(root, config);
    }
    const ir::StageId stage = builder_.add_stage(std::to_string(index), root, config, {});
    if (pick(2) == 0) {
      builder_.add_target({.name = std::to_string(index),
                           .stage = stage,
                           .platform = "linux/amd64",
                           .run_mounts = {},
                           .loc = {}});
    }
  }

  void add_step(ir::OpId& root, ir::OpId& config) {
    const std::size_t kind = pick(6);
    if (kind == 0) {
      root = builder_.add(ir::Exec{.args = {letter()},
                                   .cwd = "/",
                                   .env = {{letter(), "1"}, {letter(), "2"}},
                                   .root = root},
                          {});
    } else if (kind == 1) {
      root = builder_.add(ir::Mkdir{.path = pick(4) == 0 ? "/" : "/" + letter(), .root = root}, {});
    } else if (kind == 2 && !module_.stages.empty()) {
      const ir::OpId from = module_.stages[pick(module_.stages.size())].root;
      root = builder_.add(
          ir::Copy{.dest = "/" + letter(), .root = root, .sources = {{"/" + letter(), from}}}, {});
    } else if (kind == 3) {
      config = builder_.add(ir::Config{.base = config}, {});
    } else {
      config = builder_.add(
          ir::Config{.base = config,
                     .cmd = pick(2) == 0 ? std::optional(ir::Strings{letter()}) : std::nullopt,
                     .env = {{letter(), letter()}},
                     .ports = {pick(2) == 0 ? "80/tcp" : "81/tcp"}},
          {});
    }
  }

  std::mt19937 random_;
  ir::Module module_;
  ir::Builder builder_;
};

TEST(Pipeline, LeavesTheMeaningOfEveryTargetAndIsIdempotent) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    const ir::Module before = RandomModule(seed).make();
    ir::Module after = before;
    const Outcome outcome = run(after, default_pipeline());
    ASSERT_TRUE(outcome.ok) << seed << ir::print(before);
    ASSERT_EQ(after.targets.size(), before.targets.size());
    for (std::size_t i = 0; i < before.targets.size(); ++i) {
      EXPECT_EQ(after.targets[i].name, before.targets[i].name);
      const Meaning was = meaning_of(before, before.targets[i]);
      const Meaning is = meaning_of(after, after.targets[i]);
      EXPECT_EQ(is.config, was.config) << seed << ir::print(before) << ir::print(after);
      EXPECT_EQ(is.steps, was.steps) << seed;
    }
    ir::Module twice = after;
    ASSERT_TRUE(run(twice, default_pipeline()).ok);
    EXPECT_EQ(ir::print(twice), ir::print(after)) << seed;
    // No two ops that are left say the same thing.
    for (std::size_t i = 0; i < after.ops.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_FALSE(after.ops[i] == after.ops[j]) << seed << ir::print(after);
      }
    }
  }
}

// Each pass after the canonical ones changes no digest; and those, run again, change none either.
TEST(Pipeline, DigestsStandAfterIt) {
  ir::Module module = ir::sample_module();
  ASSERT_TRUE(run(module, default_pipeline()).ok);
  const auto before = ir::image_key(module, module.targets[0], ir::records(module), {});
  for (const PassInfo& pass : all_passes()) {
    ASSERT_TRUE(run(module, {std::string(pass.name)}).ok);
    const auto after = ir::image_key(module, module.targets[0], ir::records(module), {});
    EXPECT_EQ(after->json, before->json) << pass.name;
  }
}

}  // namespace
}  // namespace strata::passes
