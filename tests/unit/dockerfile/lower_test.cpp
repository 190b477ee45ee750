// From Dockerfiles to modules, with images and files that are made up.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "frontend/dockerfile/fragment.h"
#include "tests/unit/dockerfile/fixture.h"

namespace strata::frontend::dockerfile {
namespace {

using Findings = std::vector<std::string>;
using ir::Pairs;
using ir::Strings;

TEST(DockerfileLower, BaseIsBoundWithItsEpoch) {
  Lowering low("FROM alpine\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto images = low.ops<ir::Image>();
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].ref, "docker.io/library/alpine:latest");
  EXPECT_EQ(images[0].epoch, 1700000000);
  EXPECT_TRUE(images[0].manifest);
  ASSERT_EQ(low.module->targets.size(), 1U);
  EXPECT_EQ(low.module->targets[0].name, "0");
  EXPECT_EQ(low.module->targets[0].platform, "linux/amd64");
}

ir::ImageConfig config_with_triggers(ir::Strings triggers) {
  ir::ImageConfig config;
  config.on_build = std::move(triggers);
  return config;
}

TEST(DockerfileLower, ABaseWithTriggersIsAnErrorThatNamesThem) {
  Lowering low("FROM scratch AS first\nFROM parent AS second\nRUN x\nFROM second\n");
  low.resolver.images["docker.io/library/parent:latest"] =
      config_with_triggers({"COPY foo /foo", "RUN make"});
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(), Findings{"2:6 BaseWithTriggers"});
  EXPECT_NE(low.rendered().find("ONBUILD COPY foo /foo"), std::string::npos) << low.rendered();
  EXPECT_NE(low.rendered().find("ONBUILD RUN make"), std::string::npos);
}

TEST(DockerfileLower, TriggersOfAnImageThatIsCopiedFromSayNothing) {
  Lowering low("FROM scratch\nCOPY --from=parent /x /x\n");
  low.resolver.images["docker.io/library/parent:latest"] = config_with_triggers({"RUN make"});
  EXPECT_TRUE(low.run()) << low.rendered();
}

TEST(DockerfileLower, ManyOrLongTriggersAreCutShort) {
  Lowering low("FROM parent\n");
  low.resolver.images["docker.io/library/parent:latest"] =
      config_with_triggers(Strings(5000, "RUN " + std::string(100000, 'x')));
  EXPECT_FALSE(low.run());
  EXPECT_LT(low.rendered().size(), 5000U);
  EXPECT_NE(low.rendered().find("and 4990 more"), std::string::npos) << low.rendered();
}

// What a local op selects, as CONTEXT:SOURCE.
Strings locals_of(const Lowering& low) {
  Strings result;
  for (const auto& local : low.ops<ir::Local>()) {
    result.push_back(local.context + ":" + local.source);
  }
  return result;
}

TEST(DockerfileLower, ANamedContextIsABaseAndASourceOfCopies) {
  Lowering low(
      "FROM mine\nCOPY --from=docker.io/library/mine:latest a /b\nCOPY --from=u/x:1 c* /d/\n");
  low.request.contexts = {"mine", "u/x:1"};
  low.loader.texts["mine:.dockerignore"] = "*.log\n";
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_TRUE(low.resolver.asked_images.empty());
  EXPECT_EQ(locals_of(low), (Strings{"mine:", "mine:a", "u/x:1:c*"}));
  EXPECT_EQ(low.ops<ir::Local>()[0].ignore, Strings{"*.log"});
  EXPECT_EQ(low.ops<ir::Local>()[1].ignore, Strings{"*.log"});
  EXPECT_TRUE(low.ops<ir::Local>()[2].ignore.empty());
  EXPECT_EQ(low.ops<ir::Copy>()[0].dest, "/");
  EXPECT_EQ(low.ops<ir::Scratch>().size(), 1U);
  EXPECT_TRUE(low.findings().empty()) << low.rendered();
}

TEST(DockerfileLower, ANamedContextStandsInThePlaceOfAStage) {
  Lowering low(
      "FROM nowhere AS Deps\nRUN fetch\nFROM deps\nRUN x\nCOPY --from=DEPS a /a\nCOPY --from=0 b "
      "/b\n");
  low.request.contexts = {"deps"};
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_TRUE(low.resolver.asked_images.empty());
  EXPECT_EQ(low.ops<ir::Exec>().size(), 1U);
  EXPECT_EQ(locals_of(low), (Strings{"deps:", "deps:a", "deps:b"}));
  Lowering target("FROM nowhere AS deps\nRUN fetch\nFROM alpine\n");
  target.request.contexts = {"deps"};
  target.request.targets = {"deps"};
  ASSERT_TRUE(target.run()) << target.rendered();
  EXPECT_EQ(locals_of(target), Strings{"deps:"});
}

TEST(DockerfileLower, AStageGoesBeforeAContextOfTheNameOfItsBase) {
  Lowering low("FROM alpine AS a\nFROM a\nRUN x\n");
  low.request.contexts = {"alpine"};
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_EQ(locals_of(low), Strings{"alpine:"});
  Lowering scratch("FROM scratch\nCOPY --from=other a /a\n");
  scratch.request.contexts = {"other"};
  ASSERT_TRUE(scratch.run()) << scratch.rendered();
  EXPECT_TRUE(scratch.resolver.asked_images.empty());
}

TEST(DockerfileLower, AContextThatNothingNamesIsWarnedOf) {
  Lowering low("FROM alpine AS a\nFROM other AS b\nFROM a\n");
  low.request.contexts = {"other", "typo"};
  ASSERT_TRUE(low.run()) << low.rendered();
  // `other` is used by a stage that is not needed.
  EXPECT_EQ(low.findings(), Findings{"- UnusedBuildContext"});
  EXPECT_NE(low.rendered().find("`typo`"), std::string::npos);
}

TEST(DockerfileLower, ABadIgnoreFileOfANamedContextIsReportedOnce) {
  Lowering low("FROM mine\nCOPY --from=mine a /b\n");
  low.request.contexts = {"mine"};
  low.loader.texts["mine:.dockerignore"] = "[\n";
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(), Findings{"1:1 BadIgnorePattern"});
  EXPECT_NE(low.rendered().find("mine/.dockerignore"), std::string::npos) << low.rendered();
}

TEST(DockerfileLower, AWildcardMayMatchNothingBesideSourcesThatAreThere) {
  Lowering low(
      "FROM scratch\nCOPY foo nomatch* /some/\nCOPY nomatch* <<E /x/\nt\nE\nADD no[m]atch foo "
      "/y/\n");
  low.resolver.missing = {"nomatch*", "no[m]atch"};
  ASSERT_TRUE(low.run()) << low.rendered();
  for (const auto& copy : low.ops<ir::Copy>()) {
    EXPECT_EQ(copy.sources.size(), 1U);
  }
  Lowering plain("FROM scratch\nCOPY foo bar /some/\n");
  plain.resolver.missing = {"bar"};
  EXPECT_FALSE(plain.run());
  EXPECT_EQ(plain.findings(), Findings{"2:10 MissingCopySource"});
  Lowering nothing("FROM scratch\nCOPY a* b* /some/\n");
  nothing.resolver.missing = {"a*", "b*"};
  EXPECT_FALSE(nothing.run());
  EXPECT_EQ(nothing.findings(), (Findings{"2:6 MissingCopySource", "2:9 MissingCopySource"}));
}

TEST(DockerfileLower, SeveralFilesOntoOneNameAreWarnedOf) {
  Lowering low("FROM scratch\nCOPY *.c /x\nCOPY *.c /x/\nCOPY a /x\nCOPY a *.h /x\n");
  low.resolver.files = {{"*.c", 2}};
  low.resolver.missing = {"*.h"};
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_EQ(low.findings(), Findings{"2:1 DestinationNotDirectory"});
}

TEST(DockerfileLower, QuotesInsideTheWordsOfAnExecFormAreText) {
  Lowering low(
      "FROM scratch\nARG V=v\nCOPY [\"it's\", \"a \\\"b\\\" $V\", \"/d'/\"]\nVOLUME "
      "[\"/o'clock\"]\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_EQ(locals_of(low), (Strings{":it's", ":a \"b\" v"}));
  EXPECT_EQ(low.ops<ir::Copy>()[0].dest, "/d'/");
  EXPECT_EQ(low.config().volumes, Strings{"/o'clock"});
}

TEST(DockerfileLower, ADefaultThatTheCommandLineOverridesIsNotExpanded) {
  Lowering low("ARG B=${X:?say which}\nFROM $B\nARG V=${V:?say which}\nARG W=$V\nRUN x\n");
  low.request.build_args = {{"V", "1"}, {"B", "alpine"}};
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_EQ(*low.ops<ir::Exec>()[0].env.find("W"), "1");
  Lowering bare("FROM alpine\nARG V=${V:?say which}\n");
  EXPECT_FALSE(bare.run());
  EXPECT_EQ(bare.findings(), Findings{"2:7 ExpansionFailed"});
}

TEST(DockerfileLower, AnImageHasThePlatformThatWasAskedForElseItsBases) {
  const std::string text = "FROM --platform=linux/arm64 alpine AS a\nFROM a\nRUN x\n";
  Lowering asked(text);
  asked.request.platform = "linux/s390x";
  ASSERT_TRUE(asked.run()) << asked.rendered();
  EXPECT_EQ(asked.module->targets[0].platform, "linux/s390x");
  EXPECT_EQ(asked.ops<ir::Image>()[0].platform, "linux/arm64");
  Lowering open(text);
  open.request.platform.clear();
  ASSERT_TRUE(open.run()) << open.rendered();
  EXPECT_EQ(open.module->targets[0].platform, "linux/arm64");
  Lowering scratch("FROM scratch\n");
  scratch.request.platform.clear();
  ASSERT_TRUE(scratch.run()) << scratch.rendered();
  EXPECT_EQ(scratch.module->targets[0].platform, ir::host_platform());
}

TEST(DockerfileLower, WhatADockerfileCannotTakeIsAnError) {
  Lowering low("FROM alpine AS a\nFROM alpine AS b\n");
  low.request.params = {{"python", "3.12"}};
  low.request.targets = {"a", "b"};
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(), (Findings{"- UnknownName", "- UnknownTarget"}));
}

constexpr const char* kWarnedOf = "FROM alpine AS a\nFROM alpine AS a\nEXPOSE 1:80\n";

TEST(DockerfileChecks, ErrorMakesAnErrorOfWarnings) {
  Lowering low(std::string("# check=error=true\n") + kWarnedOf);
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(),
            (Findings{"3:16 DuplicateStage", "4:8 ExposeHostPart", "1:9 ChecksFailed"}));
  Lowering none("# check=error=true\nFROM alpine\n");
  EXPECT_TRUE(none.run()) << none.rendered();
  Lowering off(std::string("# check=error=false\n") + kWarnedOf);
  EXPECT_TRUE(off.run()) << off.rendered();
  // Other warnings are no checks.
  Lowering other("# check=error=true\nFROM scratch\nCOPY a b /c\n");
  EXPECT_TRUE(other.run()) << other.rendered();
  EXPECT_EQ(other.findings(), Findings{"3:1 DestinationNotDirectory"});
}

TEST(DockerfileChecks, SkipLeavesWarningsOut) {
  Lowering some(std::string("# check=skip=DuplicateStageName, X;error=true\n") + kWarnedOf);
  EXPECT_FALSE(some.run());
  EXPECT_EQ(some.findings(), (Findings{"4:8 ExposeHostPart", "1:9 ChecksFailed"}));
  Lowering all(std::string("# check=error=true;skip=all\n") + kWarnedOf);
  EXPECT_TRUE(all.run()) << all.rendered();
  EXPECT_TRUE(all.findings().empty());
}

TEST(DockerfileChecks, TheBuildArgumentStandsInThePlaceOfTheDirective) {
  Lowering low(std::string("# check=error=true\n") + kWarnedOf);
  low.request.build_args = {{"BUILDKIT_DOCKERFILE_CHECK", "skip=all"}};
  EXPECT_TRUE(low.run()) << low.rendered();
  Lowering strict(kWarnedOf);
  strict.request.build_args = {{"BUILDKIT_DOCKERFILE_CHECK", "error=true"}};
  EXPECT_FALSE(strict.run());
  EXPECT_EQ(strict.findings().back(), "- ChecksFailed");
}

TEST(DockerfileChecks, AMalformedDirectiveIsAnError) {
  Lowering low("# check=errors=true;skip;error=maybe;experimental=all\nFROM alpine\n");
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(), (Findings{"1:9 BadDirective", "1:9 BadDirective", "1:9 BadDirective"}));
}

TEST(DockerfileLower, EpochOfTheBuild) {
  Lowering arg("ARG SOURCE_DATE_EPOCH=7\nFROM alpine\n");
  ASSERT_TRUE(arg.run());
  EXPECT_EQ(arg.ops<ir::Image>()[0].epoch, 7);
  Lowering both("ARG SOURCE_DATE_EPOCH=7\nFROM scratch\n");
  both.request.build_args = {{"SOURCE_DATE_EPOCH", "9"}};
  ASSERT_TRUE(both.run());
  EXPECT_EQ(both.ops<ir::Scratch>()[0].epoch, 9);
  Lowering bad("ARG SOURCE_DATE_EPOCH=today\nFROM scratch\n");
  EXPECT_FALSE(bad.run());
  EXPECT_EQ(bad.findings(), Findings{"1:23 BadEpoch"});
  // In a stage it is an ordinary argument.
  Lowering inside("FROM scratch\nARG SOURCE_DATE_EPOCH=7\n");
  ASSERT_TRUE(inside.run());
  EXPECT_EQ(inside.ops<ir::Scratch>()[0].epoch, 315532800);
}

TEST(DockerfileLower, ScratchTakesTheLatestEpochOfWhatItCopiesFrom) {
  Lowering low(
      "FROM alpine AS a\nFROM scratch AS b\nCOPY --from=a /x /x\nFROM scratch\nCOPY --from=1 /x "
      "/x\n"
      "COPY --from=alpine /y /y\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto scratches = low.ops<ir::Scratch>();
  ASSERT_EQ(scratches.size(), 2U);
  EXPECT_EQ(scratches[0].epoch, 1700000000);
  EXPECT_EQ(scratches[1].epoch, 1700000000);
  EXPECT_EQ(low.ops<ir::Copy>()[1].sources[0].path, "/x");
}

TEST(DockerfileLower, OnlyWhatTheTargetReaches) {
  Lowering low(
      "FROM nowhere AS unused\nRUN x\nFROM alpine AS Build\nRUN make\nFROM alpine\nCOPY "
      "--from=build /o /o\n"
      "FROM nowhere AS later\n");
  low.request.targets = {"2"};
  ASSERT_TRUE(low.run()) << low.rendered();
  ASSERT_EQ(low.module->stages.size(), 2U);
  EXPECT_EQ(low.module->stages[0].name, "build");
  EXPECT_EQ(low.module->stages[1].name, "2");
  EXPECT_EQ(low.module->targets[0].name, "2");
}

TEST(DockerfileLower, Targets) {
  Lowering named("FROM alpine AS builder\nFROM alpine\n");
  named.request.targets = {"BUILDER"};
  ASSERT_TRUE(named.run());
  EXPECT_EQ(named.module->stages.size(), 1U);
  Lowering wrong("FROM alpine AS builder\nFROM alpine\n");
  wrong.request.targets = {"bulider"};
  EXPECT_FALSE(wrong.run());
  EXPECT_NE(wrong.rendered().find("did you mean `builder`"), std::string::npos);
  EXPECT_EQ(wrong.findings(), Findings{"- UnknownTarget"});
}

TEST(DockerfileLower, RunForms) {
  Lowering low(
      "FROM alpine\nRUN echo $A\nRUN [\"a\", \"$B\"]\nSHELL [\"/bin/bash\", \"-ec\"]\nRUN x\nUSER "
      "me\nWORKDIR "
      "/w\nRUN y\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto runs = low.ops<ir::Exec>();
  EXPECT_EQ(runs[0].args, (Strings{"/bin/sh", "-c", "echo $A"}));
  EXPECT_EQ(runs[0].cwd, "/");
  EXPECT_EQ(runs[0].env, (ir::Environment{{"PATH", "/bin"}, {"BASE", "from base"}}));
  EXPECT_EQ(runs[1].args, (Strings{"a", "$B"}));
  EXPECT_EQ(runs[2].args, (Strings{"/bin/bash", "-ec", "x"}));
  EXPECT_EQ(runs[3].user, "me");
  EXPECT_EQ(runs[3].cwd, "/w");
  EXPECT_EQ(low.ops<ir::Mkdir>()[0].owner, "me");
}

TEST(DockerfileLower, ScratchRunsWithTheDefaultPath) {
  Lowering low("FROM scratch\nENV PATH=/x:$PATH\nRUN a\n");
  ASSERT_TRUE(low.run());
  EXPECT_EQ(*low.ops<ir::Exec>()[0].env.find("PATH"),
            "/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

TEST(DockerfileLower, RunHeredocs) {
  Lowering low(
      "FROM alpine\nRUN <<-EOF\n\techo $A\n\tEOF\nRUN <<EOF\n#!/bin/x\n$B\nEOF\nRUN cat <<-A > /f "
      "&& <<B cat\n\ta\n\tA\nb\nB\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto runs = low.ops<ir::Exec>();
  EXPECT_EQ(runs[0].args[2], "echo $A\n");
  EXPECT_EQ(runs[1].args[2], "/dev/pipes/EOF");
  ASSERT_EQ(runs[1].mounts.size(), 1U);
  EXPECT_EQ(runs[1].mounts[0].target, "/dev/pipes");
  EXPECT_EQ(runs[1].mounts[0].path, "");
  const auto files = low.ops<ir::Inline>();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].files[0].mode, 0755);
  EXPECT_EQ(files[0].files[0].content, "#!/bin/x\n$B\n");
  EXPECT_EQ(runs[2].args[2], "cat <<-A > /f && <<B cat\n\ta\nA\nb\nB");
}

TEST(DockerfileLower, Copy) {
  Lowering low(
      "FROM alpine\nWORKDIR /w\nARG D=sub\nCOPY /a ./b//c $D/\nCOPY . .\nCOPY x/ ../y\nADD "
      "--chown=1:2 --chmod=0644 t.tar /z/.\nCOPY [\"a b\", \"/c d\"]\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto copies = low.ops<ir::Copy>();
  ASSERT_EQ(copies.size(), 5U);
  EXPECT_EQ(copies[0].dest, "/w/sub/");
  EXPECT_EQ(copies[0].sources.size(), 2U);
  EXPECT_EQ(copies[1].dest, "/w/");
  EXPECT_EQ(copies[2].dest, "/y");
  EXPECT_EQ(copies[3].dest, "/z/");
  EXPECT_EQ(copies[3].owner, "1:2");
  EXPECT_EQ(copies[3].mode, "0644");
  EXPECT_TRUE(copies[3].unpack);
  EXPECT_FALSE(copies[2].unpack);
  EXPECT_EQ(copies[4].dest, "/c d");
  std::vector<std::string> asked;
  for (const ir::LocalRequest& request : low.resolver.asked_local) {
    asked.push_back(request.source);
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "b/c", "", "x", "t.tar", "a b"}));
}

TEST(DockerfileLower, CopyHeredocs) {
  Lowering low(
      "FROM alpine\nENV A=1\nCOPY <<a <<'b' /d/\n$A \"\\$A\"\na\n$A\nb\nADD <<-c "
      "/e\n\tx${A}\n\tc\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto files = low.ops<ir::Inline>();
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].files[0].path, "a");
  EXPECT_EQ(files[0].files[0].content, "1 \"$A\"\n");
  EXPECT_EQ(files[0].files[0].mode, 0644);
  EXPECT_EQ(files[1].files[0].content, "$A\n");
  EXPECT_EQ(files[2].files[0].content, "x1\n");
  EXPECT_FALSE(low.ops<ir::Copy>()[1].unpack);
}

TEST(DockerfileLower, CopySourcesThatAreWrong) {
  Lowering low(
      "FROM alpine\nCOPY ../secret a /x/\nCOPY gone b /x/\nCOPY http://x/y /z\nADD git@x:y.git "
      "/z\nCOPY "
      "a/../../b /x\nCOPY a b /c\nCOPY a link /c/\n");
  low.resolver.missing = {"gone"};
  low.resolver.escaping = {"link"};
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(),
            (Findings{"2:6 SourceOutsideContext", "3:6 MissingCopySource", "4:6 UnsupportedSource",
                      "5:5 UnsupportedSource", "6:6 SourceOutsideContext",
                      "7:1 DestinationNotDirectory", "8:8 SourceOutsideContext"}));
  EXPECT_NE(low.rendered().find("note: the link points outside"), std::string::npos);
}

TEST(DockerfileLower, CopyFrom) {
  Lowering low(
      "FROM alpine AS one\nFROM alpine AS two\nCOPY --from=ONE a /a\nCOPY --from=0 /b* /b\nCOPY "
      "--from=alpine:latest ../c/ /c\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto copies = low.ops<ir::Copy>();
  EXPECT_EQ(copies[0].sources[0].path, "/a");
  EXPECT_EQ(copies[0].sources[0].tree, copies[1].sources[0].tree);
  EXPECT_EQ(copies[1].sources[0].path, "/b*");
  EXPECT_EQ(copies[2].sources[0].path, "/c");
  EXPECT_EQ(low.sources.text(copies[1].sources[0].loc), "/b*");
  EXPECT_TRUE(low.resolver.asked_local.empty());
}

TEST(DockerfileLower, CopyFromThatIsWrong) {
  Lowering low(
      "FROM alpine AS one\nCOPY --from=two /a /a\nCOPY --from=one /a /a\nCOPY --from=7 /a /a\nCOPY "
      "--from=$X /a /a\nCOPY --from=onne /a /a\nFROM one AS two\n");
  low.request.targets = {"one"};
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(),
            (Findings{"2:13 StageNotDefinedYet", "3:13 StageNotDefinedYet", "4:13 UnknownStage",
                      "5:13 VariableInFrom", "6:13 BaseNotResolved"}));
  EXPECT_NE(low.rendered().find("did you mean the stage `one`"), std::string::npos);
}

TEST(DockerfileLower, Env) {
  Lowering low(
      "FROM alpine\nENV A=1 B=\"x y\"\nENV A=2 C=$A ${B%%?y}=k\nENV legacy  a $A \"b\"\nLABEL l=$A "
      "m\\ n=1\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const ir::ImageConfig config = low.config();
  EXPECT_EQ(config.env,
            (Pairs{{"A", "2"}, {"B", "x y"}, {"C", "1"}, {"x", "k"}, {"legacy", "a 2 b"}}));
  EXPECT_EQ(config.labels, (Pairs{{"l", "2"}, {"m n", "1"}}));
}

Pairs env_of_run(Lowering& low) {
  Pairs result;
  const auto runs = low.ops<ir::Exec>();
  for (const auto& pair : runs.back().env) {
    if (pair.first != "PATH" && pair.first != "BASE") {
      result.push_back(pair);
    }
  }
  return result;
}

TEST(DockerfileLower, ArgPrecedence) {
  Lowering low(
      "ARG G=global\nARG H=$G-2\nARG I\nFROM alpine\nARG G\nARG H=own\nARG I\nARG NONE\nARG X=1 "
      "Y=$X\nARG "
      "GIVEN=default\nARG TARGETARCH\nRUN a\n");
  low.request.build_args = {{"GIVEN", "given"}, {"HTTP_PROXY", "p"}};
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_EQ(env_of_run(low), (Pairs{{"G", "global"},
                                    {"GIVEN", "given"},
                                    {"H", "own"},
                                    {"TARGETARCH", "amd64"},
                                    {"X", "1"},
                                    {"Y", "1"}}));
  // None of it is in the image.
  EXPECT_TRUE(low.ops<ir::Config>().empty());
  EXPECT_TRUE(low.findings().empty());
}

TEST(DockerfileLower, LaterOfArgAndEnvWins) {
  Lowering arg("FROM alpine\nENV X=1\nARG X=2\nRUN a\n");
  ASSERT_TRUE(arg.run());
  EXPECT_EQ(env_of_run(arg), (Pairs{{"X", "2"}}));
  EXPECT_EQ(arg.config().env, (Pairs{{"X", "1"}}));
  Lowering env("FROM alpine\nARG X=2\nENV X=1\nRUN a\n");
  ASSERT_TRUE(env.run());
  EXPECT_EQ(env_of_run(env), (Pairs{{"X", "1"}}));
}

TEST(DockerfileLower, ArgsOfTheParentStageAreInherited) {
  Lowering low("FROM alpine AS a\nARG X=1\nENV E=2\nFROM a\nRUN b\nFROM alpine\nRUN c\n");
  low.request.targets = {"1"};
  ASSERT_TRUE(low.run());
  EXPECT_EQ(env_of_run(low), (Pairs{{"E", "2"}, {"X", "1"}}));
}

TEST(DockerfileLower, ProxyArgumentsOnlyWhenDeclared) {
  Lowering low("FROM alpine\nARG HTTP_PROXY\nRUN a\n");
  low.request.build_args = {{"HTTP_PROXY", "p"}, {"no_proxy", "q"}};
  ASSERT_TRUE(low.run());
  EXPECT_EQ(env_of_run(low), (Pairs{{"HTTP_PROXY", "p"}}));
}

TEST(DockerfileLower, HostNameOfRunsIsABuildArgumentWithoutArg) {
  Lowering low("FROM alpine\nRUN a\nENV X=1\nRUN b\n");
  low.request.build_args = {{"BUILDKIT_SANDBOX_HOSTNAME", "my-builder"}};
  ASSERT_TRUE(low.run());
  EXPECT_EQ(low.findings(), Findings());
  const auto runs = low.ops<ir::Exec>();
  ASSERT_EQ(runs.size(), 2U);
  for (const ir::Exec& run : runs) {
    EXPECT_EQ(run.hostname, "my-builder");
    EXPECT_FALSE(std::any_of(run.env.begin(), run.env.end(),
                             [](const auto& pair) { return pair.first.starts_with("BUILDKIT_"); }));
  }
  for (const std::string& bad : {std::string("a b"), std::string(65, 'a')}) {
    Lowering wrong("FROM alpine\nRUN a\n");
    wrong.request.build_args = {{"BUILDKIT_SANDBOX_HOSTNAME", bad}};
    EXPECT_FALSE(wrong.run()) << bad;
    EXPECT_EQ(wrong.findings(), Findings{"- BadHostname"});
  }
}

// What no frontend would write, but images have.
TEST(DockerfileLower, StrangeValuesOfABaseMakeNoInvalidModule) {
  Lowering low("FROM windows\nRUN a\nWORKDIR b\nRUN c\n");
  ir::ImageConfig config;
  config.env = {{"=C:", "C:\\"}, {"", "x"}, {"A", "=1"}};
  config.workdir = "app";
  low.resolver.images["docker.io/library/windows:latest"] = config;
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto runs = low.ops<ir::Exec>();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_NE(std::find(runs[0].env.begin(), runs[0].env.end(),
                      std::pair<std::string, std::string>("A", "=1")),
            runs[0].env.end());
  EXPECT_EQ(runs[0].env.size(), 2U);
  EXPECT_EQ(runs[0].cwd, "/app");
  EXPECT_EQ(runs[1].cwd, "/app/b");
}

TEST(DockerfileLower, UnusedBuildArgument) {
  Lowering low("FROM alpine\nARG VERSION\n");
  low.request.build_args = {{"VERSOIN", "1"}};
  ASSERT_TRUE(low.run());
  EXPECT_EQ(low.findings(), Findings{"- UnusedBuildArg"});
  EXPECT_NE(low.rendered().find("`VERSION`"), std::string::npos);
}

TEST(DockerfileLower, FromSeesGlobalArgumentsOnly) {
  Lowering low("ARG B=alpine\nARG T=latest\nFROM --platform=$BUILDPLATFORM ${B}:$T\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  EXPECT_EQ(low.resolver.asked_images[0], "docker.io/library/alpine:latest " + ir::host_platform());
  Lowering blank("FROM alpine\nARG X=alpine\nFROM $X\n");
  EXPECT_FALSE(blank.run());
  EXPECT_EQ(blank.findings(), Findings{"3:6 BlankName"});
}

TEST(DockerfileLower, StageNamesInFromAreLowerCase) {
  Lowering low("FROM alpine AS Base\nFROM Base\n");
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(), Findings{"2:6 BaseNotResolved"});
  EXPECT_NE(low.rendered().find("did you mean the stage `base`"), std::string::npos);
}

TEST(DockerfileLower, PlatformOfABaseStageStays) {
  Lowering low("FROM --platform=linux/arm64 alpine AS a\nFROM --platform=linux/amd64 a\nRUN x\n");
  ASSERT_TRUE(low.run());
  EXPECT_EQ(low.ops<ir::Image>().size(), 1U);
  EXPECT_EQ(low.ops<ir::Image>()[0].platform, "linux/arm64");
  Lowering bad("FROM --platform=a/b/c/d alpine\n");
  EXPECT_FALSE(bad.run());
  EXPECT_EQ(bad.findings(), Findings{"1:17 BadPlatform"});
}

TEST(DockerfileLower, EntrypointDropsAnInheritedCommand) {
  Lowering inherited("FROM alpine\nENTRYPOINT [\"e\"]\n");
  ASSERT_TRUE(inherited.run());
  ir::ImageConfig base;
  base.cmd = Strings{"/bin/sh"};
  EXPECT_TRUE(inherited.config(base).cmd.value_or(Strings()).empty());
  Lowering own("FROM alpine\nCMD a\nENTRYPOINT e\n");
  ASSERT_TRUE(own.run());
  EXPECT_EQ(own.config(base).cmd, (Strings{"/bin/sh", "-c", "a"}));
  EXPECT_EQ(own.config(base).entrypoint, (Strings{"/bin/sh", "-c", "e"}));
  Lowering parent("FROM alpine AS p\nCMD [\"a\"]\nFROM p\nENTRYPOINT [\"e\"]\n");
  ASSERT_TRUE(parent.run());
  EXPECT_TRUE(parent.config(base).cmd.value_or(Strings()).empty());
}

TEST(DockerfileLower, Metadata) {
  Lowering low(
      "FROM alpine\nARG P=\"8080 9000-9002/UDP\"\nEXPOSE 80/tcp $P\nVOLUME /a /b\nVOLUME [\"/c "
      "d\"]\nSTOPSIGNAL sigrtmin+3\nUSER a b\nWORKDIR x\nWORKDIR ../y z\nHEALTHCHECK "
      "--interval=1m30s "
      "--timeout=1.5s --retries=3 --start-period=0 --start-interval=1ms CMD curl \"x\"\n");
  ASSERT_TRUE(low.run()) << low.rendered();
  const ir::ImageConfig config = low.config();
  EXPECT_EQ(config.ports, (Strings{"80/tcp", "8080/tcp", "9000-9002/udp"}));
  EXPECT_EQ(config.volumes, (Strings{"/a", "/b", "/c d"}));
  EXPECT_EQ(config.stop_signal, "sigrtmin+3");
  EXPECT_EQ(config.user, "a b");
  EXPECT_EQ(config.workdir, "/y z");
  ASSERT_TRUE(config.healthcheck);
  EXPECT_EQ(config.healthcheck->test, (Strings{"CMD-SHELL", "curl \"x\""}));
  EXPECT_EQ(config.healthcheck->interval, 90'000'000'000);
  EXPECT_EQ(config.healthcheck->timeout, 1'500'000'000);
  EXPECT_EQ(config.healthcheck->start_interval, 1'000'000);
  EXPECT_EQ(config.healthcheck->retries, 3);
}

TEST(DockerfileLower, ManyErrorsInOneFile) {
  Lowering low(
      "FROM alpine\n"
      "EXPOSE 80x 70000 90-80 80/ip\n"
      "HEALTHCHECK --interval=5 --timeout=1us --retries=-1 CMD x\n"
      "STOPSIGNAL SIGNOPE\nSTOPSIGNAL 0\nSTOPSIGNAL RTMIN+16\n"
      "COPY --chmod=0888 a /b\nCOPY --chmod=u+x a /b\nCOPY --chmod=17777 a /b\n"
      "COPY --chown=:g a /b\nCOPY --chown=a:b:c a /b\n"
      "ENV a=${b:=c}\nLABEL 'a=b\nUSER \"x\nWORKDIR ${x\nVOLUME ''\n"
      "ARG a=${X?must be set}\nCOPY <<E /x\nok\n${bad\nE\n");
  EXPECT_FALSE(low.run());
  // An unmatched quote swallows the `=`, which is an error of its own kind and of the syntax.
  EXPECT_EQ(low.findings(), Findings{"13:7 ExpectedKeyValue"});
}

TEST(DockerfileLower, ManyErrorsInOneStage) {
  Lowering low(
      "FROM alpine\n"
      "EXPOSE 80x 70000 90-80 80/ip\n"
      "HEALTHCHECK --interval=5 --timeout=1us --retries=-1 CMD x\n"
      "STOPSIGNAL SIGNOPE\nSTOPSIGNAL 0\nSTOPSIGNAL RTMIN+16\n"
      "COPY --chmod=0888 a /b\nCOPY --chmod=u+x a /b\nCOPY --chmod=17777 a /b\n"
      "COPY --chown=:g a /b\nCOPY --chown=a:b:c a /b\n"
      "ENV a=${b:=c}\nLABEL a='b\nUSER \"x\nWORKDIR ${x\nVOLUME ''\n"
      "ARG a=${X?must be set}\nCOPY <<E /x\nok\n${bad\nE\n");
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(),
            (Findings{"2:8 BadPort",          "2:12 BadPort",         "2:18 BadPort",
                      "2:24 BadPort",         "3:24 BadDuration",     "3:36 BadDuration",
                      "3:50 BadRetries",      "4:12 BadSignal",       "5:12 BadSignal",
                      "6:12 BadSignal",       "7:14 BadMode",         "8:14 UnsupportedFlag",
                      "9:14 BadMode",         "10:14 BadOwner",       "11:14 BadOwner",
                      "12:7 ExpansionFailed", "13:9 ExpansionFailed", "14:6 ExpansionFailed",
                      "15:9 ExpansionFailed", "16:8 BlankName",       "17:7 ExpansionFailed",
                      "20:1 ExpansionFailed"}));
}

TEST(DockerfileLower, SyntaxErrors) {
  Lowering low(
      "MAINTAINER x\nARG A\nFROM\nFROM a b\nFROM a AS 1x\nRUN\nRUN --mount=type=cache x\nCOPY "
      "--form=a b /c\nCOPY "
      "--from=a --from=b c /d\nCOPY --from= a /b\nCOPY a\nENV\nSHELL /bin/sh\nHEALTHCHECK CMDD "
      "x\nHEALTHCHECK "
      "NONE x\nHEALTHCHECK CMD\nONBUILD RUN x\nEXPOSE\nCOPY --chown=\"a b /c\nFROM scratch AS "
      "a\nFROM "
      "scratch AS A\nCOPY <<E\nE\nUSER\nCMD\n");
  EXPECT_FALSE(low.run());
  EXPECT_EQ(
      low.findings(),
      (Findings{
          "19:14 UnterminatedQuote", "1:1 InstructionBeforeFrom", "1:1 UnsupportedInstruction",
          "3:1 MissingArguments",    "4:8 MalformedFrom",         "5:11 BadStageName",
          "6:1 MissingArguments",    "7:5 UnsupportedFlag",       "8:8 UnknownFlag",
          "9:15 DuplicateFlag",      "10:6 MissingFlagValue",     "11:1 MissingArguments",
          "12:1 MissingArguments",   "13:7 ExpectedExecForm",     "14:13 UnknownHealthcheck",
          "15:18 TooManyArguments",  "16:13 MissingArguments",    "17:1 UnsupportedInstruction",
          "18:1 MissingArguments",   "19:1 MissingArguments",     "21:17 DuplicateStage",
          "22:1 MissingArguments",   "24:1 MissingArguments",     "25:1 MissingArguments"}));
}

TEST(DockerfileLower, FilesWithoutStages) {
  const std::pair<std::string, std::string> cases[] = {{"", "1:1 EmptyDockerfile"},
                                                       {"# x\n\n", "1:1 EmptyDockerfile"},
                                                       {"ARG x\n", "1:1 NoStages"},
                                                       {"RUN x\n", "1:1 NoStages"}};
  for (const auto& [text, finding] : cases) {
    Lowering low(text);
    EXPECT_FALSE(low.run());
    EXPECT_EQ(low.findings(), Findings{finding}) << text;
  }
}

TEST(DockerfileLower, IgnoreFiles) {
  Lowering root("FROM alpine\nCOPY . /\n");
  root.loader.texts = {{":.dockerignore", "# c\nnode_modules\n!keep\n"}};
  ASSERT_TRUE(root.run());
  EXPECT_EQ(root.resolver.asked_local[0].ignore, (ir::SharedStrings{"node_modules", "!keep"}));
  Lowering own("FROM alpine\nCOPY . /\n");
  own.loader.texts = {{":.dockerignore", "a\n"}, {"beside:app.Dockerfile.dockerignore", "b\n"}};
  own.request.file_name = "app.Dockerfile";
  ASSERT_TRUE(own.run());
  EXPECT_EQ(own.resolver.asked_local[0].ignore, (ir::SharedStrings{"b"}));
  Lowering bad("FROM alpine\nCOPY . /\nCOPY a /b\n");
  bad.loader.texts = {{":.dockerignore", "a\n[b\n"}};
  EXPECT_FALSE(bad.run());
  EXPECT_EQ(bad.findings(), Findings{"2:1 BadIgnorePattern"});
}

TEST(DockerfileLower, OpsPointAtTheirInstructions) {
  Lowering low("FROM alpine\nRUN a \\\n  b\nCOPY <<E /x\nbody\nE\n");
  ASSERT_TRUE(low.run());
  EXPECT_EQ(low.text_of(1), "RUN a \\\n  b");
  EXPECT_EQ(low.text_of(2), "<<E");
  EXPECT_EQ(low.text_of(3), "COPY <<E /x\nbody\nE");
}

TEST(DockerfileLower, SpellingDoesNotMatter) {
  Lowering one("FROM alpine\nRUN echo a\nENV a=b\nCOPY a /b\nCMD [\"x\"]\n");
  Lowering two(
      "# syntax=x\n# escape=`\nfrom   alpine\n\n# why\nrun   echo a\nENV a \"b\"\ncopy [\"./a\", "
      "`\n \"/b\"]\ncmd [ "
      "\"x\" ]");
  ASSERT_TRUE(one.run());
  ASSERT_TRUE(two.run()) << two.rendered();
  EXPECT_EQ(*one.module, *two.module);
}

TEST(DockerfileLower, UnboundBasesStayUnknown) {
  Lowering low("FROM alpine\nRUN a\nCOPY x /y\n");
  CollectingConsumer consumer;
  Emitter emitter(consumer);
  ir::UnboundResolver unbound;
  auto result = dockerfile::lower(low.request, low.sources, low.loader, unbound, emitter);
  ASSERT_TRUE(result && *result);
  low.module = **result;
  EXPECT_FALSE(low.ops<ir::Image>()[0].manifest);
  EXPECT_TRUE(low.ops<ir::Exec>()[0].env.empty());
  EXPECT_FALSE(low.ops<ir::Local>()[0].tree);
  EXPECT_FALSE(ir::is_bound(*low.module));
}

TEST(DockerfileFragment, LowersOnTopOfAStage) {
  Lowering low("RUN a\nENV x=y\n");
  ir::Module module;
  ir::Builder builder(module);
  Emitter emitter(low.consumer);
  Budget budget(100);
  NamedContexts contexts({}, low.sources, low.loader, emitter);
  LoweringContext context{builder, low.resolver, emitter, contexts, budget, "linux/amd64", {}};
  StageBuilder stage = StageBuilder::from_scratch(context, 0, {});
  auto done = lower_fragment(low.request.file, low.sources, context, {}, stage);
  ASSERT_TRUE(done && *done);
  EXPECT_EQ(module.ops.size(), 3U);
  EXPECT_EQ(*stage.env().find("x"), "y");
  const FileId wrong = low.sources.add("fragment", "FROM x\nCOPY --from=0 /a /b\n");
  done = lower_fragment(wrong, low.sources, context, {}, stage);
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
  EXPECT_EQ(low.findings(), (Findings{"1:1 UnsupportedInstruction", "2:13 UnknownStage"}));
}

std::string lines(int count, const std::function<std::string(int)>& line) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += line(i) + "\n";
  }
  return text;
}

// Each RUN sees every variable before it. What they share is there once, so this takes a moment and
// little memory; copies would take gigabytes.
TEST(DockerfileGrowth, RunsShareTheirEnvironment) {
  Lowering low("FROM alpine\n" +
               lines(3000, [](int i) { return "ENV V" + std::to_string(i) + "=1\nRUN x"; }));
  ASSERT_TRUE(low.run()) << low.rendered();
  const auto runs = low.ops<ir::Exec>();
  EXPECT_EQ(runs.front().env.size(), 3U);
  EXPECT_EQ(runs.back().env.size(), 3002U);
}

TEST(DockerfileGrowth, TheEnvironmentsOfAllRunsAreBounded) {
  // 8 MiB by doubling, 300 times.
  Lowering low("FROM alpine\nENV A=" + std::string(1024, 'x') + "\n" +
               lines(13, [](int) { return "ENV A=$A$A"; }) +
               lines(300, [](int) { return "RUN x"; }));
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings(), (Findings{"143:1 InputLimit"}));
}

TEST(DockerfileGrowth, ExpansionsAreBoundedOverTheWholeFile) {
  Lowering low("FROM alpine\nENV A=" + std::string(1024, 'x') + "\n" +
               lines(12, [](int) { return "ENV A=$A$A"; }) +
               lines(100, [](int i) { return "LABEL l" + std::to_string(i) + "=$A"; }));
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings().size(), 1U);
}

// A SHELL is part of every RUN after it.
TEST(DockerfileGrowth, TextThatManyStepsRepeatIsBounded) {
  Lowering low("FROM alpine\nSHELL [\"" + std::string(1000000, 'x') + "\"]\n" +
               lines(100, [](int) { return "RUN x"; }));
  EXPECT_FALSE(low.run());
  EXPECT_EQ(low.findings().size(), 1U);
  EXPECT_EQ(low.consumer.diagnostics()[0].kind, Kind::InputLimit);
}

// Relative ones add up.
TEST(DockerfileGrowth, NoPathIsLongerThanTheKernelTakes) {
  Lowering workdir("FROM alpine\n" + lines(3000, [](int) { return "WORKDIR a"; }));
  EXPECT_FALSE(workdir.run());
  EXPECT_EQ(workdir.findings()[0], "2049:1 InputLimit");
  Lowering copy("FROM alpine\nCOPY " + std::string(5000, 'a') + " /x\nCOPY x /" +
                std::string(5000, 'a') + "\n");
  EXPECT_FALSE(copy.run());
  EXPECT_EQ(copy.findings(), (Findings{"2:6 InputLimit", "3:1 InputLimit"}));
}

TEST(DockerfileGrowth, StepsShareTheIgnorePatterns) {
  Lowering low("FROM alpine\n" +
               lines(1000, [](int i) { return "COPY f" + std::to_string(i) + " /"; }));
  low.loader.texts[":.dockerignore"] = lines(20000, [](int i) { return "p" + std::to_string(i); });
  ASSERT_TRUE(low.run());
  const auto locals = low.ops<ir::Local>();
  EXPECT_EQ(locals.size(), 1000U);
  EXPECT_EQ(&locals.front().ignore.values(), &locals.back().ignore.values());
}

TEST(DockerfileGrowth, RangesOfPortsStayRanges) {
  Lowering low("FROM alpine\n" + lines(2000, [](int) { return "EXPOSE 0-65535"; }));
  ASSERT_TRUE(low.run());
  EXPECT_EQ(low.ops<ir::Config>().back().ports, (Strings{"0-65535/tcp"}));
}

// Each FROM looks for its name among all stages.
TEST(DockerfileGrowth, ManyStagesAreFoundByName) {
  Lowering low("FROM alpine AS s0\n" + lines(5000, [](int i) {
                 return "FROM s" + std::to_string(i) + " AS s" + std::to_string(i + 1) +
                        "\nLABEL l=" + std::to_string(i);
               }));
  ASSERT_TRUE(low.run());
  EXPECT_EQ(low.module->stages.size(), 5001U);
}

}  // namespace
}  // namespace strata::frontend::dockerfile
