// What flags mean before anything is built: contexts and proxies.
#include <gtest/gtest.h>

#include "driver/build_contexts.h"
#include "driver/docker_proxies.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::driver {
namespace {

using ir::Pairs;

TEST(BuildContexts, ADirectoryUnderTheNameThatDockerCompares) {
  const backend::TempDirectory directory;
  const auto context = parse_build_context("docker.io/library/mine:latest=" + directory.path());
  ASSERT_TRUE(context.ok()) << context.error().message;
  EXPECT_EQ(context->first, "mine");
  EXPECT_EQ(context->second, directory.path());
  EXPECT_EQ(parse_build_context("ghcr.io/a/b:1=" + directory.path())->first, "ghcr.io/a/b:1");
}

TEST(BuildContexts, WhatIsNoDirectoryIsAnErrorAndNeverAnImageOfARegistry) {
  const backend::TempDirectory directory;
  const auto message = [&](const std::string& text) {
    const auto context = parse_build_context(text);
    EXPECT_FALSE(context.ok()) << text;
    EXPECT_TRUE(context.ok() || context.error().code == ErrorCode::Input) << text;
    return context.ok() ? std::string() : context.error().message;
  };
  for (const char* value : {"docker-image://alpine", "oci-layout://x@sha256:0", "target:x",
                            "https://example.org/a.tar", "git@example.org:a/b.git"}) {
    EXPECT_NE(message(std::string("a=") + value).find("only directories"), std::string::npos);
  }
  EXPECT_NE(message("a=" + directory.path() + "/none").find("not a directory"), std::string::npos);
  for (const char* text : {"a", "=x", "a=", ""}) {
    EXPECT_NE(message(text).find("NAME=DIRECTORY"), std::string::npos) << text;
  }
  EXPECT_NE(message("Upper=" + directory.path()).find("cannot name"), std::string::npos);
  EXPECT_NE(message("scratch=" + directory.path()).find("reserved"), std::string::npos);
  EXPECT_NE(message("context=" + directory.path()).find("reserved"), std::string::npos);
}

TEST(Proxies, EachIsThereInBothSpellings) {
  EXPECT_EQ(proxy_variables({{"http_proxy", "p"}, {"OTHER", "x"}}, {}),
            (Pairs{{"HTTP_PROXY", "p"}, {"http_proxy", "p"}}));
  EXPECT_EQ(
      proxy_variables({{"NO_PROXY", "a"}}, {{"HTTP_PROXY", "c"}, {"http_proxy", "c"}}),
      (Pairs{{"HTTP_PROXY", "c"}, {"http_proxy", "c"}, {"NO_PROXY", "a"}, {"no_proxy", "a"}}));
}

TEST(Proxies, TheCommandLineGoesBeforeTheConfigAndLowerCaseBeforeUpperCase) {
  EXPECT_EQ(proxy_variables({{"HTTP_PROXY", "p"}}, {{"HTTP_PROXY", "c"}, {"http_proxy", "c"}}),
            (Pairs{{"HTTP_PROXY", "p"}, {"http_proxy", "p"}}));
  EXPECT_EQ(proxy_variables({{"http_proxy", "l"}, {"HTTP_PROXY", "u"}}, {}),
            (Pairs{{"HTTP_PROXY", "l"}, {"http_proxy", "l"}}));
  EXPECT_EQ(proxy_variables({{"http_proxy", ""}}, {{"http_proxy", "c"}}), Pairs());
}

}  // namespace
}  // namespace strata::driver
