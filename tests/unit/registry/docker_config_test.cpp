// Unit tests of credentials in files and from helpers.
#include "backend/registry/docker_config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>

#include "ir/base/text.h"
#include "tests/unit/registry/fixture.h"

namespace strata::backend {
namespace {

class DockerConfigTest : public ::testing::Test {
 protected:
  std::string user_of(const std::string& config, const std::string& registry,
                      const std::string& repository = "a/b") {
    home_.write("config.json", config);
    const auto found = DockerConfig({home_.path() + "/config.json"}).find(registry, repository);
    EXPECT_TRUE(found) << found.error().message;
    return found && *found ? (**found).username + ":" + (**found).password : "";
  }
  static std::string auth(const std::string& pair) {
    return R"({"auth":")" + base64_encode(pair) + R"("})";
  }
  void helper(const std::string& name, const std::string& script) {
    const std::string path = home_.path() + "/docker-credential-" + name;
    std::ofstream(path) << "#!/bin/sh\n" << script;
    ::chmod(path.c_str(), 0755);
    ::setenv("PATH", (home_.path() + ":/usr/bin:/bin").c_str(), 1);
  }
  QuietEnvironment home_;
};

TEST_F(DockerConfigTest, AuthsByHostAndOldUrl) {
  EXPECT_EQ(user_of(R"({"auths":{"h:5000":)" + auth("u:p:q") + "}}", "h:5000"), "u:p:q");
  EXPECT_EQ(user_of(R"({"auths":{"https://h/v1/":)" + auth("u:p") + "}}", "h"), "u:p");
  EXPECT_EQ(user_of(R"({"auths":{"h":{"username":"u","password":"p"}}})", "h"), "u:p");
  EXPECT_EQ(user_of(R"({"auths":{"h.evil":)" + auth("u:p") + "}}", "h"), "");
  EXPECT_EQ(user_of(R"({"auths":{"h":{}}})", "h"), "");
  EXPECT_EQ(user_of(R"({"auths":{"h":{"auth":"!!"}}})", "h"), "");
  EXPECT_EQ(user_of(R"({"auths":[1]})", "h"), "");
}

TEST_F(DockerConfigTest, DockerHubHasManyNames) {
  for (const char* const key : {"https://index.docker.io/v1/", "docker.io", "index.docker.io",
                                "registry-1.docker.io", "https://docker.io"}) {
    EXPECT_EQ(
        user_of(R"({"auths":{")" + std::string(key) + "\":" + auth("u:p") + "}}", "docker.io"),
        "u:p")
        << key;
  }
}

TEST_F(DockerConfigTest, TheLongestRepositoryPrefixWins) {
  const std::string config = R"({"auths":{"h":)" + auth("h:1") + R"(,"h/a":)" + auth("a:1") +
                             R"(,"h/a/b":)" + auth("b:1") + "}}";
  EXPECT_EQ(user_of(config, "h", "a/b"), "b:1");
  EXPECT_EQ(user_of(config, "h", "a/c/d"), "a:1");
  EXPECT_EQ(user_of(config, "h", "ab"), "h:1");
  // A key with a path is not the whole host's.
  EXPECT_EQ(user_of(R"({"auths":{"h/a":)" + auth("a:1") + "}}", "h", "b"), "");
}

TEST_F(DockerConfigTest, HelpersGoBeforeTheStoreBeforeAuths) {
  helper(
      "one",
      R"(read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"one\",\"Secret\":\"$server\"}")");
  helper("two", R"(cat >/dev/null; echo '{"Username":"two","Secret":"s"}')");
  const std::string config = R"({"auths":{"h":)" + auth("file:p") + R"(,"x":)" + auth("file:p") +
                             R"(},"credsStore":"two","credHelpers":{"h":"one"}})";
  EXPECT_EQ(user_of(config, "h"), "one:h");
  EXPECT_EQ(user_of(config, "x"), "two:s");
  EXPECT_EQ(user_of(R"({"credsStore":"one"})", "docker.io"), "one:https://index.docker.io/v1/");
}

TEST_F(DockerConfigTest, AHelperMayHaveNone) {
  helper("none", "echo 'credentials not found in native keychain'; exit 1\n");
  EXPECT_EQ(user_of(R"({"credsStore":"none","auths":{"h":)" + auth("file:p") + "}}", "h"),
            "file:p");
}

TEST_F(DockerConfigTest, AHelperThatFailsIsAnError) {
  helper("bad", "echo broken; exit 3\n");
  helper("silent", "exit 0\n");
  helper("token", R"(echo '{"Username":"<token>","Secret":"id"}')");
  const auto bad = ask_credential_helper("bad", "h");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("exited with 3: broken"), std::string::npos);
  EXPECT_FALSE(ask_credential_helper("silent", "h"));
  EXPECT_FALSE(ask_credential_helper("missing-helper", "h"));
  EXPECT_FALSE(ask_credential_helper("../bad", "h"));
  EXPECT_EQ((**ask_credential_helper("token", "h")).identity_token, "id");
}

TEST_F(DockerConfigTest, AHelperThatHangsIsEnded) {
  helper("slow", "sleep 60 & sleep 60\n");
  const auto start = std::chrono::steady_clock::now();
  const auto answer = ask_credential_helper("slow", "h", 1);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("no answer after 1 s"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(DockerConfigTest, AHelperThatAnswersAndStaysIsEnded) {
  helper("stays",
         R"(cat >/dev/null; echo '{"Username":"a","Secret":"s"}'; exec <&- >&-; sleep 60)");
  const auto start = std::chrono::steady_clock::now();
  const auto answer = ask_credential_helper("stays", "h", 1);
  EXPECT_FALSE(answer);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(DockerConfigTest, ProxiesInBothSpellings) {
  const auto proxies = [this](const std::string& config) {
    home_.write("config.json", config);
    const auto found =
        DockerConfig({home_.path() + "/none", home_.path() + "/config.json"}).proxies();
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : ir::Pairs();
  };
  EXPECT_EQ(proxies(R"({"proxies":{"default":{"httpProxy":"http://p:1","noProxy":"a,b"}}})"),
            (ir::Pairs{{"HTTP_PROXY", "http://p:1"},
                       {"http_proxy", "http://p:1"},
                       {"NO_PROXY", "a,b"},
                       {"no_proxy", "a,b"}}));
  EXPECT_EQ(proxies(R"({"proxies":{"tcp://other":{"httpProxy":"http://p:1"}}})"), ir::Pairs());
  EXPECT_EQ(proxies(R"({"proxies":{"default":{"httpProxy":1,"other":"x"}}})"), ir::Pairs());
  EXPECT_EQ(proxies(R"({"proxies":[]})"), ir::Pairs());
  home_.write("config.json", "not JSON");
  EXPECT_FALSE(DockerConfig({home_.path() + "/config.json"}).proxies());
}

TEST_F(DockerConfigTest, FilesAreReadInOrder) {
  home_.write("a.json", R"({"auths":{"h":)" + auth("a:1") + "}}");
  home_.write("b.json", R"({"auths":{"h":)" + auth("b:1") + R"(,"x":)" + auth("b:2") + "}}");
  const DockerConfig config(
      {home_.path() + "/none.json", home_.path() + "/a.json", home_.path() + "/b.json"});
  EXPECT_EQ((**config.find("h", "r")).username, "a");
  EXPECT_EQ((**config.find("x", "r")).username, "b");
  EXPECT_FALSE(config.find("y", "r")->has_value());
  ::setenv("REGISTRY_AUTH_FILE", "/r.json", 1);
  ::setenv("XDG_RUNTIME_DIR", "/run/u", 1);
  EXPECT_EQ(DockerConfig::from_environment().paths(),
            (std::vector<std::string>{"/r.json", home_.path() + "/config.json",
                                      "/run/u/containers/auth.json",
                                      home_.path() + "/.config/containers/auth.json"}));
  ::unsetenv("REGISTRY_AUTH_FILE");
  ::unsetenv("XDG_RUNTIME_DIR");
}

}  // namespace
}  // namespace strata::backend
