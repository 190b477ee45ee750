// Unit tests of challenges, scopes and the Authenticator, with a scripted sender.
#include "backend/registry/auth.h"

#include <gtest/gtest.h>

#include "ir/base/text.h"
#include "tests/unit/registry/fixture.h"

namespace strata::backend {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

TEST(Challenges, QuotedValuesAndSeveralOfThem) {
  EXPECT_EQ(parse_challenges(R"(Bearer realm="https://a/t",service="s",scope="x:y:pull,push")"),
            (std::vector<Challenge>{{"bearer", Parameters{{"realm", "https://a/t"},
                                                          {"service", "s"},
                                                          {"scope", "x:y:pull,push"}}}}));
  EXPECT_EQ(parse_challenges(R"(Basic realm="a \"b\", c", BEARER Realm = "r" , service=plain)"),
            (std::vector<Challenge>{{"basic", Parameters{{"realm", "a \"b\", c"}}},
                                    {"bearer", Parameters{{"realm", "r"}, {"service", "plain"}}}}));
  EXPECT_EQ(parse_challenges("Negotiate, Basic realm=x").size(), 2U);
  EXPECT_EQ(parse_challenges("Bearer realm=https://a/t?x,service=s")[0].parameter("realm"),
            "https://a/t?x");
}

TEST(Challenges, HostileTextEnds) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("\"\"\"=,=").empty());
  EXPECT_EQ(parse_challenges("Bearer realm=\"unfinished").size(), 1U);
  EXPECT_EQ(parse_challenges("Bearer realm=\"x\\").size(), 1U);
  EXPECT_EQ(parse_challenges("Bearer realm=").size(), 1U);
}

TEST(ScopesToAsk, AreTheChallengesWidenedByOurs) {
  const Scopes ours = {"repository:a/b:pull,push", "repository:c:pull"};
  EXPECT_EQ(merge_scopes(ours, ""), ours);
  EXPECT_EQ(merge_scopes(ours, "repository:a/b:pull repository:c:pull"),
            (Scopes{"repository:a/b:pull,push", "repository:c:pull"}));
  EXPECT_EQ(merge_scopes(ours, "repository:a/b:pull"),
            (Scopes{"repository:a/b:pull,push", "repository:c:pull"}));
  // A proxy's own name for the repository is the one that counts.
  EXPECT_EQ(merge_scopes(ours, "repository:proxy/a/b:pull"), (Scopes{"repository:proxy/a/b:pull"}));
}

TEST(SendCredentials, OnlyToHttpsOrLoopback) {
  EXPECT_TRUE(may_send_credentials("https://h", "https://auth.other/token"));
  EXPECT_TRUE(may_send_credentials("http://127.0.0.1:5000", "http://127.0.0.1:5001/token"));
  EXPECT_TRUE(may_send_credentials("http://h:5000", "http://h:5001/token"));
  EXPECT_FALSE(may_send_credentials("https://h", "http://h/token"));
  EXPECT_FALSE(may_send_credentials("http://h", "http://other/token"));
  EXPECT_FALSE(may_send_credentials("https://h", "http://127.0.0.1.example.org/token"));
  EXPECT_FALSE(may_send_credentials("https://h", "token"));
}

class AuthenticatorTest : public ::testing::Test {
 protected:
  void log_in(const std::string& registry) { home_.log_in(registry); }
  Authenticator make() {
    return Authenticator(
        DockerConfig::from_environment(),
        [this](const HttpRequest& request) -> Result<HttpResponse> {
          sent_.push_back(request);
          HttpResponse response;
          response.status = status_;
          response.body = R"({"token":"t)" + std::to_string(sent_.size()) + R"(","expires_in":)" +
                          std::to_string(seconds_) + "}";
          return response;
        },
        [this](const std::string& message) { notices_.push_back(message); });
  }
  static HttpResponse unauthorized(const std::string& challenge,
                                   const std::string& from = "https://h.example/v2/x") {
    HttpResponse response;
    response.status = 401;
    response.final_url = from;
    response.headers.emplace("www-authenticate", challenge);
    return response;
  }
  bool sends_password() const {
    for (const HttpRequest& request : sent_) {
      for (const auto& [name, value] : request.headers) {
        if (name == "Authorization") {
          return true;
        }
      }
    }
    return false;
  }

  QuietEnvironment home_;
  const AuthTarget target_{"h.example", "a/b", "https://h.example"};
  const Scopes scopes_ = {"repository:a/b:pull"};
  const std::string bearer_ = R"(Bearer realm="https://auth.example/token?x=1",service="s v")";
  std::vector<HttpRequest> sent_;
  std::vector<std::string> notices_;
  int status_ = 200;
  int seconds_ = 300;
};

TEST_F(AuthenticatorTest, BearerTokenIsFetchedOnceForAScope) {
  log_in("h.example");
  Authenticator auth = make();
  EXPECT_EQ(auth.authorization(target_, scopes_), "");
  EXPECT_EQ(**auth.answer(target_, scopes_, unauthorized(bearer_), ""), "Bearer t1");
  EXPECT_EQ(
      sent_[0].url,
      "https://auth.example/token?x=1&service=s%20v&scope=repository%3Aa%2Fb%3Apull&account=alice");
  EXPECT_TRUE(sends_password());
  EXPECT_EQ(auth.authorization(target_, scopes_), "Bearer t1");
  // Another thread that was refused before the token came.
  EXPECT_EQ(**auth.answer(target_, scopes_, unauthorized(bearer_), ""), "Bearer t1");
  EXPECT_EQ(sent_.size(), 1U);
  // The token itself was refused.
  EXPECT_EQ(**auth.answer(target_, scopes_, unauthorized(bearer_), "Bearer t1"), "Bearer t2");
  EXPECT_EQ(auth.authorization(target_, {"repository:a/b:pull,push"}), "");
}

TEST_F(AuthenticatorTest, ATokenWithASenselessExpiryHolds) {
  for (const int seconds : {0, -1, -86400}) {
    seconds_ = seconds;
    Authenticator auth = make();
    const auto token = auth.answer(target_, scopes_, unauthorized(bearer_), "");
    ASSERT_TRUE(token && *token) << seconds;
    EXPECT_EQ(auth.authorization(target_, scopes_), **token) << seconds;
  }
}

TEST_F(AuthenticatorTest, ATokenRequestFollowsNoRedirect) {
  log_in("h.example");
  Authenticator by_password = make();
  EXPECT_TRUE(by_password.answer(target_, scopes_, unauthorized(bearer_), ""));
  home_.write("config.json", R"({"auths":{"h.example":{"identitytoken":"id"}}})");
  Authenticator by_identity_token = make();
  EXPECT_TRUE(by_identity_token.answer(target_, scopes_, unauthorized(bearer_), ""));
  ASSERT_EQ(sent_.size(), 2U);
  EXPECT_FALSE(sent_[0].follow_redirects);
  EXPECT_FALSE(sent_[1].follow_redirects);
}

TEST_F(AuthenticatorTest, IdentityTokenGoesByPost) {
  home_.write("config.json", R"({"auths":{"h.example":{"identitytoken":"id+1"}}})");
  Authenticator auth = make();
  EXPECT_EQ(**auth.answer(target_, scopes_, unauthorized(bearer_), ""), "Bearer t1");
  EXPECT_EQ(sent_[0].method, "POST");
  EXPECT_EQ(
      sent_[0].body,
      "grant_type=refresh_token&client_id=strata&service=s%20v&scope=repository%3Aa%2Fb%3Apull"
      "&refresh_token=id%2B1");
}

TEST_F(AuthenticatorTest, BasicNeedsCredentials) {
  Authenticator anonymous = make();
  EXPECT_FALSE(anonymous.answer(target_, scopes_, unauthorized("Basic realm=x"), "")->has_value());
  log_in("h.example");
  Authenticator auth = make();
  const std::string value = "Basic " + base64_encode("alice:secret");
  EXPECT_EQ(**auth.answer(target_, scopes_, unauthorized("Basic realm=x"), ""), value);
  // Refused: no use to send it again.
  EXPECT_FALSE(auth.answer(target_, scopes_, unauthorized("Basic realm=x"), value)->has_value());
  EXPECT_TRUE(sent_.empty());
}

TEST_F(AuthenticatorTest, NoPasswordLeavesHttps) {
  log_in("h.example");
  Authenticator auth = make();
  const auto answer =
      auth.answer(target_, scopes_,
                  unauthorized(R"(Bearer realm="http://auth.example/token",service="s")"), "");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("not https"), std::string::npos);
  EXPECT_TRUE(sent_.empty());
}

TEST_F(AuthenticatorTest, AHostBehindARedirectIsNotAnswered) {
  log_in("h.example");
  Authenticator auth = make();
  const auto answer =
      auth.answer(target_, scopes_,
                  unauthorized(R"(Bearer realm="https://evil.example/token",service="s")",
                               "https://evil.example/blob"),
                  "");
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->has_value());
  EXPECT_TRUE(sent_.empty());
}

TEST_F(AuthenticatorTest, ARemoteRegistryMayNotSendUsToOurOwnLoopback) {
  Authenticator auth = make();
  EXPECT_FALSE(
      auth.answer(target_, scopes_, unauthorized(R"(Bearer realm="http://127.0.0.1:80/x")"), ""));
  EXPECT_FALSE(auth.answer(target_, scopes_, unauthorized(R"(Bearer realm="file:///x")"), ""));
  EXPECT_TRUE(sent_.empty());
}

TEST_F(AuthenticatorTest, ARefusedLoginSaysSo) {
  log_in("h.example");
  status_ = 401;
  Authenticator auth = make();
  const auto answer = auth.answer(target_, scopes_, unauthorized(bearer_), "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Network);
  EXPECT_NE(answer.error().message.find("docker login h.example"), std::string::npos);
}

TEST_F(AuthenticatorTest, ABrokenConfigIsToldAndThePullIsAnonymous) {
  home_.write("config.json", "{ not json");
  Authenticator auth = make();
  EXPECT_EQ(**auth.answer(target_, scopes_, unauthorized(bearer_), ""), "Bearer t1");
  EXPECT_FALSE(sends_password());
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("config.json"), std::string::npos);
}

}  // namespace
}  // namespace strata::backend
