// Records: their exact bytes, and what changes a digest and what does not.
#include "ir/record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/unit/ir/field_mutations.h"
#include "tests/unit/ir/sample_module.h"

namespace strata::ir {
namespace {

Digest input_digest(OpId id) { return Digest::of("op " + std::to_string(id.index)); }

// The bytes are the format: a change here is a new record version, never an edit of this test.
TEST(Record, BytesOfVersionOne) {
  const Module module = sample_module();
  const std::vector<std::string> expected = {
      // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): a record takes several lines
      R"({"epoch":1700000000,)"
      R"("manifest":"sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f",)"
      R"("op":"image","platform":"linux/amd64","record":1})",
      R"({"epoch":315532800,"op":"scratch","platform":"linux/amd64","record":1})",
      R"({"op":"local","record":1,)"
      R"("selection":"sha256:dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622",)"
      R"("tree":2})",
      R"({"files":[{"content":"hello\n","mode":493,"path":"hello.sh"}],"op":"inline",)"
      R"("record":1,"tree":2})",
      R"({"args":["/bin/sh","-c","make \"all\""],"cwd":"/src","env":[["A","1"],["PATH",)"
      R"("/bin"]],"mounts":[{"path":"/usr",)"
      R"("source":"sha256:34b92ed06534f8fac280625ebca047c40fedff2262f5c044aca568ca3db4bf40",)"
      R"("target":"/mnt"}],"network":"none","op":"exec","record":1,)"
      R"("root":"sha256:50baecb298d535e85410ab3078bf460762f26091ed103d5b7ef8865ddc6c6ac5",)"
      R"("sandbox":2,"tree":2,"user":"app:app"})",
      R"({"dest":"/app/","mode":"644","op":"copy","owner":"1:2","record":1,)"
      R"("root":"sha256:d620f22a6ca7a9fa3c7d77b9bf2839e7e36e0a01a13356e0b24f5eb31760df67",)"
      R"("sources":[{"path":"",)"
      R"("tree":"sha256:481ab59294b6b7c7d3423153a18951a11b07ef3fbe256d0ebd01d4e9e5ef1b4a"},)"
      R"({"path":"",)"
      R"("tree":"sha256:55710ea299232287034af72819c0bd68a0b8d70244159c215cf34f828b16b836"},)"
      R"({"path":"/out/*",)"
      R"("tree":"sha256:50baecb298d535e85410ab3078bf460762f26091ed103d5b7ef8865ddc6c6ac5"}],)"
      R"("tree":2,"unpack":true})",
      R"({"op":"mkdir","owner":"app","path":"/work","record":1,)"
      R"("root":"sha256:22cb70f0af4a8a14fd122d6567bc009aed2d851eaeafc1f80eb2fadff211bafc",)"
      R"("tree":2})",
      R"({"base":"sha256:50baecb298d535e85410ab3078bf460762f26091ed103d5b7ef8865ddc6c6ac5",)"
      R"("cmd":[],"entrypoint":["/app/run","-v"],"env":[["A","1"]],)"
      R"("healthcheck":{"interval":30000000000,"retries":3,"start_interval":1,)"
      R"("start_period":2,"test":["CMD-SHELL","true"],"timeout":1500000000},"labels":[["l",)"
      R"("v w"]],"op":"config","ports":["80/tcp"],"record":1,"shell":["/bin/bash","-c"],)"
      R"("stop_signal":"SIGTERM","user":"app","volumes":["/data"],"workdir":"/work"})",
  };
  const auto made = records(module);
  ASSERT_EQ(made.size(), expected.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    ASSERT_TRUE(made[i].has_value());
    EXPECT_EQ(record_json(module, made, OpId{static_cast<std::uint32_t>(i)}), expected[i]);
    EXPECT_EQ(made[i]->digest, Digest::of(expected[i]));
  }
}

TEST(Record, DigestsOfVersionOne) {
  const std::vector<std::string> expected = {
      "sha256:50baecb298d535e85410ab3078bf460762f26091ed103d5b7ef8865ddc6c6ac5",
      "sha256:34b92ed06534f8fac280625ebca047c40fedff2262f5c044aca568ca3db4bf40",
      "sha256:481ab59294b6b7c7d3423153a18951a11b07ef3fbe256d0ebd01d4e9e5ef1b4a",
      "sha256:55710ea299232287034af72819c0bd68a0b8d70244159c215cf34f828b16b836",
      "sha256:d620f22a6ca7a9fa3c7d77b9bf2839e7e36e0a01a13356e0b24f5eb31760df67",
      "sha256:22cb70f0af4a8a14fd122d6567bc009aed2d851eaeafc1f80eb2fadff211bafc",
      "sha256:c1d5d380cf5f4142a3d992a4be2023ef43d2cac9502351a52bf45312b21857c1",
      "sha256:35f3078752101a2b75ede9836e358727cf2c0661efc95470524bccd7ec9cdae7",
  };
  const auto made = records(sample_module());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(made[i]->digest.str(), expected[i]) << i;
  }
}

TEST(Record, ImageKeyOfVersionOne) {
  const Module module = sample_module();
  const auto key = image_key(module, module.targets[0], records(module), {.emission_profile = "p"});
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->json,
            R"({"assembly":2,"base":"docker.io/library/debian:bookworm-slim",)"
            R"("config":"sha256:35f3078752101a2b75ede9836e358727cf2c0661efc95470524bccd7ec9cdae7",)"
            R"("epoch":1700000000,"op":"image-key","platform":"linux/amd64","profile":"p",)"
            R"("record":1,)"
            R"("root":"sha256:c1d5d380cf5f4142a3d992a4be2023ef43d2cac9502351a52bf45312b21857c1"})");
  EXPECT_EQ(key->digest, Digest::of(key->json));
}

TEST(Record, EveryOpIsPinned) {
  std::set<std::size_t> kinds;
  for (const Op& op : sample_module().ops) {
    kinds.insert(op.data.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<OpData>);
}

TEST(Record, AnyKeyFieldChangesTheDigestAndNoBindingDoes) {
  for (const Op& op : sample_module().ops) {
    const std::string before = write_record(op, input_digest);
    std::set<std::string> seen = {before};
    for (const Mutation& mutation : mutations_of(op)) {
      const std::string after = write_record(mutation.op, input_digest);
      if (mutation.role == FieldRole::Binding) {
        EXPECT_EQ(after, before) << op.name() << "." << mutation.field;
      } else {
        EXPECT_TRUE(seen.insert(after).second)
            << op.name() << "." << mutation.field << " gives a record again: " << after;
      }
    }
  }
}

TEST(Record, LocationsAreInNone) {
  Module module = sample_module();
  const auto before = records(module);
  for (Op& op : module.ops) {
    op.loc = {FileId{7}, 1, 2};
    op.also = {{FileId{8}, 3, 4}};
    if (auto* copy = std::get_if<Copy>(&op.data)) {
      copy->sources.front().loc = {FileId{9}, 5, 6};
    }
  }
  const auto after = records(module);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i]->digest, after[i]->digest);
  }
}

TEST(Record, AnInputReachesEveryStepAboveIt) {
  Module module = sample_module();
  const auto before = records(module);
  std::get<Image>(module.ops[0].data).manifest = Digest::of("another");
  const auto after = records(module);
  const std::set<std::size_t> unrelated = {1, 2, 3};
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i]->digest == after[i]->digest, unrelated.contains(i)) << i;
  }
}

TEST(Record, OpsOfDifferentKindsNeverShareOne) {
  std::set<std::string> seen;
#define STRATA_OP(Struct, text)                          \
  /* NOLINTNEXTLINE(bugprone-macro-parentheses): type */ \
  EXPECT_TRUE(seen.insert(write_record(Op{Struct{}, {}, {}}, input_digest)).second);
#define STRATA_FIELD(type, member, text, role)
#define STRATA_OP_END(Struct)
#include "ir/ops.def"
#undef STRATA_OP
#undef STRATA_FIELD
#undef STRATA_OP_END
}

TEST(Record, SetButEmptyIsNotUnset) {
  Config config{.base = OpId{0}};
  const std::string unset = write_record(Op{config, {}, {}}, input_digest);
  config.cmd = Strings{};
  const std::string empty = write_record(Op{config, {}, {}}, input_digest);
  EXPECT_EQ(unset.find("cmd"), std::string::npos);
  EXPECT_NE(empty.find("\"cmd\":[]"), std::string::npos);
}

TEST(Record, IsJsonWithSortedMembersWhateverTheBytes) {
  for (const Op& op : sample_module().ops) {
    for (const Mutation& mutation : mutations_of(op)) {
      const std::string record = write_record(mutation.op, input_digest);
      // nlohmann sorts the members and writes no white space: equal text means ours were sorted.
      EXPECT_EQ(nlohmann::json::parse(record).dump(), record);
    }
  }
}

TEST(Record, UnboundOpsAndThoseAboveThemHaveNone) {
  Module module = sample_module();
  std::get<Local>(module.ops[2].data).tree.reset();
  EXPECT_FALSE(is_bound(module));
  const auto made = records(module);
  const std::set<std::size_t> unknown = {2, 5, 6};
  for (std::size_t i = 0; i < made.size(); ++i) {
    EXPECT_EQ(made[i].has_value(), !unknown.contains(i)) << i;
  }
  EXPECT_FALSE(image_key(module, module.targets[0], made, {}).has_value());
}

TEST(ImageKey, CoversEpochProfilePlatformAndBaseName) {
  const Module module = sample_module();
  const auto made = records(module);
  const auto key = [&](const Module& of, const ImageKeyInputs& inputs) {
    return image_key(of, of.targets[0], made, inputs)->digest;
  };
  const ImageKeyInputs inputs{.emission_profile = "p"};
  std::set<Digest> keys = {key(module, inputs)};
  EXPECT_TRUE(keys.insert(key(module, {.emission_profile = "q"})).second);
  Module other = module;
  std::get<Image>(other.ops[0].data).epoch = 6;
  EXPECT_TRUE(keys.insert(key(other, inputs)).second);
  other = module;
  other.targets[0].platform = "linux/arm64";
  EXPECT_TRUE(keys.insert(key(other, inputs)).second);
  other = module;
  std::get<Image>(other.ops[0].data).ref = "docker.io/library/debian:12";
  EXPECT_TRUE(keys.insert(key(other, inputs)).second);
  // Names of stages and targets, and mounts of the run, reach no image.
  other = module;
  other.stages[0].name = "x";
  other.targets[0].name = "y";
  other.targets[0].run_mounts.clear();
  EXPECT_FALSE(keys.insert(key(other, inputs)).second);
}

}  // namespace
}  // namespace strata::ir
