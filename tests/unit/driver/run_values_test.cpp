// The values of run's flags, in docker's syntax.
#include "driver/run_values.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "driver/command_line/docker_run_flags.h"
#include "driver/published_ports.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::driver {
namespace {

using Access = backend::RunSpec::Bind::Access;

std::string error_of(const auto& result) {
  return result.ok() ? std::string("no error") : result.error().message;
}

TEST(Volumes, SourceTargetAndOptions) {
  const backend::TempDirectory directory;
  const auto plain = bind_of(directory.path() + ":/data");
  ASSERT_TRUE(plain.ok()) << plain.error().message;
  EXPECT_EQ(plain->source, directory.path());
  EXPECT_EQ(plain->target, "/data");
  EXPECT_EQ(plain->access, Access::ReadWrite);
  EXPECT_EQ(bind_of(directory.path() + ":/data:rw,z")->access, Access::ReadWrite);
  EXPECT_EQ(bind_of(directory.path() + ":/data:Z,ro")->access, Access::ReadOnly);
}

TEST(Volumes, WhatIsWrongIsSaidWithWhatToDo) {
  const backend::TempDirectory directory;
  EXPECT_NE(error_of(bind_of("/data")).find("--tmpfs /data"), std::string::npos);
  EXPECT_NE(error_of(bind_of("data-of-nobody:/data")).find("no named volumes"), std::string::npos);
  EXPECT_NE(error_of(bind_of("./none:/data")).find("there is no `./none`"), std::string::npos);
  EXPECT_NE(error_of(bind_of(directory.path() + ":data")).find("not absolute"), std::string::npos);
  EXPECT_NE(error_of(bind_of(directory.path() + ":/data:wr")).find("`wr`"), std::string::npos);
}

TEST(Tmpfs, DefaultsOfDockerAndOptions) {
  const auto plain = tmpfs_of("/tmp");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->target, "/tmp");
  EXPECT_EQ(plain->options, (ir::Strings{"rw", "noexec", "nosuid", "nodev"}));
  EXPECT_EQ(tmpfs_of("/tmp:size=1m,exec")->options,
            (ir::Strings{"rw", "noexec", "nosuid", "nodev", "size=1m", "exec"}));
  EXPECT_FALSE(tmpfs_of("tmp").ok());
  EXPECT_NE(error_of(tmpfs_of("/tmp:sise=1m")).find("`sise=1m`"), std::string::npos);
}

TEST(EnvironmentFile, AsDockerReadsIt) {
  ::setenv("RUN_VALUES_SET", "from outside", 1);
  ::unsetenv("RUN_VALUES_UNSET");
  const auto variables = variables_of_text(
      "\xef\xbb\xbf# comment\n"
      "\n"
      "A=1\r\n"
      "  B=two words \n"
      "C=\"quoted\" # no comment\n"
      "D=x=y\n"
      "E=\n"
      "RUN_VALUES_SET\n"
      "RUN_VALUES_UNSET\n"
      "  # comment too",
      "file");
  ASSERT_TRUE(variables.ok()) << variables.error().message;
  EXPECT_EQ(*variables, (ir::Pairs{{"A", "1"},
                                   {"B", "two words "},
                                   {"C", "\"quoted\" # no comment"},
                                   {"D", "x=y"},
                                   {"E", ""},
                                   {"RUN_VALUES_SET", "from outside"}}));
}

TEST(EnvironmentFile, WrongLinesAreNamed) {
  EXPECT_EQ(error_of(variables_of_text("A=1\nexport B=2\n", "file")),
            "--env-file file: line 2: `export B` is no name of a variable");
  EXPECT_EQ(error_of(variables_of_text("=2\n", "file")),
            "--env-file file: line 1: `` is no name of a variable");
  EXPECT_NE(error_of(variables_of_file("/none/file")).find("--env-file /none/file"),
            std::string::npos);
}

TEST(Ports, EveryFormOfDocker) {
  using List = std::vector<PublishedPort>;
  EXPECT_EQ(*ports_of("80"), (List{{"", 80, 80, Protocol::Tcp}}));
  EXPECT_EQ(*ports_of("8080:80"), (List{{"", 8080, 80, Protocol::Tcp}}));
  EXPECT_EQ(*ports_of("53:53/udp"), (List{{"", 53, 53, Protocol::Udp}}));
  EXPECT_EQ(*ports_of("127.0.0.1:8080:80/tcp"), (List{{"127.0.0.1", 8080, 80, Protocol::Tcp}}));
  EXPECT_EQ(*ports_of("[::1]:8080:80"), (List{{"::1", 8080, 80, Protocol::Tcp}}));
  EXPECT_EQ(*ports_of("0.0.0.0:8080:80"), (List{{"", 8080, 80, Protocol::Tcp}}));
  EXPECT_EQ(*ports_of("127.0.0.1::80"), (List{{"127.0.0.1", 80, 80, Protocol::Tcp}}));
  EXPECT_EQ(*ports_of("8000-8001:80-81"),
            (List{{"", 8000, 80, Protocol::Tcp}, {"", 8001, 81, Protocol::Tcp}}));
  for (const char* wrong : {"", "0", "65536", "a:80", "80:", "80/sctp", "8000-8001:80", "2-1:2-1",
                            "host:80:80", "-80", "80-", "1:2:3:4"}) {
    EXPECT_FALSE(ports_of(wrong).ok()) << wrong;
  }
}

TEST(DockerFlags, APointerForWhatIsNotThere) {
  EXPECT_NE(docker_flag_pointer({"-d", "app"}).find("run has no `-d`"), std::string::npos);
  EXPECT_NE(docker_flag_pointer({"-itd", "app"}).find("no daemon"), std::string::npos);
  EXPECT_NE(docker_flag_pointer({"--memory=1g", "app"}).find("run has no `--memory`"),
            std::string::npos);
  EXPECT_EQ(docker_flag_pointer({"app", "-d"}), "");
  EXPECT_EQ(docker_flag_pointer({"--none-of-dockers"}), "");
  EXPECT_EQ(docker_flag_pointer({"--", "-d"}), "");
  EXPECT_EQ(docker_flag_pointer({}), "");
}

}  // namespace
}  // namespace strata::driver
