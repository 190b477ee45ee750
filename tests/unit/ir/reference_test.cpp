// References and platforms.
#include "ir/reference.h"

#include <gtest/gtest.h>

namespace strata::ir {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Reference, IsNormalized) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"debian", "docker.io/library/debian:latest"},
      {"debian:bookworm-slim", "docker.io/library/debian:bookworm-slim"},
      {"user/app", "docker.io/user/app:latest"},
      {"docker.io/debian", "docker.io/library/debian:latest"},
      {"index.docker.io/user/app:1", "docker.io/user/app:1"},
      {"localhost/app", "localhost/app:latest"},
      {"localhost:5000/app", "localhost:5000/app:latest"},
      {"localhost:5000", "docker.io/library/localhost:5000"},
      {"127.0.0.1:5000/a/b/c:t", "127.0.0.1:5000/a/b/c:t"},
      {"[::1]:5000/app", "[::1]:5000/app:latest"},
      {"registry.example.com/app@" + kDigest, "registry.example.com/app@" + kDigest},
      {"app:1@" + kDigest, "docker.io/library/app:1@" + kDigest},
      {"Registry/app", "Registry/app:latest"},
      {"a__b/c-d.e_f---g", "docker.io/a__b/c-d.e_f---g:latest"},
      {"app:_Tag.1-x", "docker.io/library/app:_Tag.1-x"},
  };
  for (const auto& [text, normal] : cases) {
    const auto reference = Reference::parse(text);
    ASSERT_TRUE(reference.has_value()) << text;
    EXPECT_EQ(reference->str(), normal);
    EXPECT_EQ(Reference::parse(normal), reference) << "normal form of " << text;
  }
  EXPECT_EQ(Reference::parse("app@" + kDigest)->tag, "");
  EXPECT_EQ(Reference::parse("x.io/a/b:c")->repository, "a/b");
}

TEST(Reference, IsShownAsDockerShowsIt) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"docker.io/library/debian:latest", "debian"},
      {"debian:12", "debian:12"},
      {"docker.io/user/app", "user/app"},
      {"docker.io/library/a/b", "library/a/b"},
      {"ghcr.io/library/x:latest", "ghcr.io/library/x"},
      {"app@" + kDigest, "app@" + kDigest},
  };
  for (const auto& [text, familiar] : cases) {
    EXPECT_EQ(Reference::parse(text)->familiar(), familiar);
    EXPECT_EQ(Reference::parse(familiar)->str(), Reference::parse(text)->str());
  }
}

TEST(Reference, RefusesWhatNoRegistryKnows) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          "Debian",
                                                          "a/B",
                                                          "a:",
                                                          ":tag",
                                                          "a:-x",
                                                          "a:.x",
                                                          "a:" + std::string(129, 't'),
                                                          "a//b",
                                                          "/a",
                                                          "a/",
                                                          "a..b",
                                                          "a___b",
                                                          "-a",
                                                          "a-",
                                                          "_a",
                                                          "a b",
                                                          "a\n",
                                                          "a@",
                                                          "a@sha256:abc",
                                                          "a@" + kDigest + "0",
                                                          "a@sha512:" + std::string(128, 'a'),
                                                          std::string(64, 'a'),
                                                          "host:port/a",
                                                          "host:/a",
                                                          "-host.io/a",
                                                          "host..io/a",
                                                          "[::1/a",
                                                          "a:b:c",
                                                          "a@b@" + kDigest,
                                                          "../../etc/passwd",
                                                          "a/../b",
                                                          "https://host/a",
                                                          std::string(300, 'a'),
                                                          "\xC3\xA9",
                                                          std::string("a\0b", 3)}) {
    EXPECT_EQ(Reference::parse(text), std::nullopt) << text;
  }
}

TEST(Platform, IsNormalizedAsContainerdDoes) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"linux/amd64", "linux/amd64"},       {"linux/x86_64", "linux/amd64"},
      {"Linux/X86-64", "linux/amd64"},      {"linux/amd64/v1", "linux/amd64"},
      {"linux/amd64/v2", "linux/amd64/v2"}, {"amd64", "linux/amd64"},
      {"aarch64", "linux/arm64"},           {"linux/arm64/v8", "linux/arm64"},
      {"linux/arm64/8", "linux/arm64"},     {"linux/arm", "linux/arm/v7"},
      {"linux/arm/7", "linux/arm/v7"},      {"linux/armhf", "linux/arm/v7"},
      {"linux/armel", "linux/arm/v6"},      {"arm/v6", "arm/v6"},
      {"linux/i386", "linux/386"},          {"linux/riscv64", "linux/riscv64"},
      {"macos/arm64", "darwin/arm64"},      {"windows/amd64", "windows/amd64"}};
  for (const auto& [text, normal] : cases) {
    EXPECT_EQ(normalize_platform(text), normal) << text;
    EXPECT_EQ(normalize_platform(normal), normal);
  }
  for (const char* text : {"", "/", "linux", "nosuch", "linux/", "/amd64", "linux/amd64/v2/x",
                           "linux//v7", "lin ux/amd64", "linux/amd64\n", "linux/$ARCH"}) {
    EXPECT_EQ(normalize_platform(text), std::nullopt) << text;
  }
  EXPECT_EQ(normalize_platform(host_platform()), host_platform());
  for (const char* text : {"linux/amd64", "linux/arm/v7"}) {
    EXPECT_EQ(split_platform(text).str(), text);
  }
  EXPECT_EQ(split_platform("linux/arm/v7").architecture, "arm");
  EXPECT_EQ(split_platform("linux").os, "linux");
  EXPECT_EQ(split_platform("linux").architecture, "");
}

}  // namespace
}  // namespace strata::ir
