// Where credentials go, with two servers: the registry, and another one that must see none.
#include <gtest/gtest.h>

#include "tests/unit/registry/fixture.h"
#include "tests/unit/registry/image_kit.h"

namespace strata::backend {
namespace {

using test::Fault;
using test::FaultRegistry;
using test::FaultRegistryOptions;

class CredentialsTest : public RegistryFixture {
 protected:
  void start(FaultRegistryOptions::Auth auth) {
    FaultRegistryOptions options;
    options.auth = auth;
    options.anonymous = FaultRegistryOptions::Anonymous::Nothing;
    server_ = std::make_unique<FaultRegistry>(std::move(options));
    serve(*server_, "a/b", "v1", image_);
    serve(other_, "a/b", "v1", image_);
  }
  // Every request of this method and target goes to the other server.
  void redirect(const std::string& method, const std::string& target) {
    Fault fault;
    fault.kind = Fault::Kind::Redirect;
    fault.method = method;
    fault.target = target;
    fault.body = other_.url();
    fault.times = 100;
    server_->add(fault);
  }
  [[nodiscard]] ir::Reference name() const { return reference(server_->host() + "/a/b:v1"); }
  Result<void> pull() {
    STRATA_ASSIGN(const oci::Image image, registry().resolve(name(), "linux/amd64"));
    return registry().pull_layers(name(), image);
  }
  Result<void> push() { return registry().push(name(), store_image(image_)); }

  // Nothing that the other server got holds the password, the identity token or a token.
  void expect_nothing_told() const {
    const std::string pair = base64_encode("alice:secret");
    for (const test::RecordedRequest& request : other_.requests()) {
      EXPECT_EQ(request.headers.count("authorization"), 0U) << request.target;
      std::string all = request.target + request.body;
      for (const auto& [header, value] : request.headers) {
        all += " " + value;
      }
      EXPECT_EQ(all.find("secret"), std::string::npos) << request.method << request.target;
      EXPECT_EQ(all.find(pair), std::string::npos) << request.method << request.target;
      EXPECT_EQ(all.find("token"), std::string::npos) << request.method << request.target;
    }
  }

  const TestImage image_ = make_image({"one", "two"});
  std::unique_ptr<FaultRegistry> server_;
  FaultRegistry other_;
};

TEST_F(CredentialsTest, AnIdentityTokenDoesNotFollowARedirectOfTheTokenServer) {
  start(FaultRegistryOptions::Auth::Bearer);
  home_.write("config.json",
              R"({"auths":{")" + server_->host() + R"(":{"identitytoken":"secret"}}})");
  redirect("POST", "/token");
  const Result<void> pulled = pull();
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::Network);
  EXPECT_NE(pulled.error().message.find("redirects the login"), std::string::npos)
      << pulled.error().message;
  EXPECT_TRUE(other_.requests().empty());
}

TEST_F(CredentialsTest, APasswordDoesNotFollowARedirectOfTheTokenServer) {
  start(FaultRegistryOptions::Auth::Bearer);
  home_.log_in(server_->host());
  redirect("GET", "/token");
  EXPECT_FALSE(pull());
  EXPECT_TRUE(other_.requests().empty());
}

TEST_F(CredentialsTest, NoRedirectOfARegistryTakesCredentialsAlong) {
  for (const auto auth : {FaultRegistryOptions::Auth::Basic, FaultRegistryOptions::Auth::Bearer}) {
    start(auth);
    home_.log_in(server_->host());
    registry_.reset();
    redirect("GET", "/manifests/");
    redirect("GET", "/blobs/");
    redirect("HEAD", "/v2/a/b/");
    redirect("POST", "/blobs/uploads/");
    redirect("PUT", "/v2/a/b/");
    const Result<void> pulled = pull();
    EXPECT_TRUE(pulled) << pulled.error().message;
    const Result<void> pushed = push();
    EXPECT_TRUE(pushed) << pushed.error().message;
    EXPECT_FALSE(other_.requests().empty());
    expect_nothing_told();
  }
}

TEST_F(CredentialsTest, AnUploadToAnotherOriginCarriesNone) {
  for (const auto auth : {FaultRegistryOptions::Auth::Basic, FaultRegistryOptions::Auth::Bearer}) {
    start(auth);
    home_.log_in(server_->host());
    registry_.reset();
    Fault session;
    session.method = "POST";
    session.target = "/blobs/uploads/";
    session.status = 202;
    session.headers.emplace_back("Location", other_.url() + "/v2/a/b/blobs/uploads/1");
    session.times = 100;
    server_->add(session);
    const ir::Reference elsewhere = reference(server_->host() + "/a/c:v1");
    EXPECT_FALSE(registry().push(elsewhere, store_image(image_)))
        << "the other server knows no such session";
    EXPECT_GT(other_.count("PUT", "/blobs/uploads/1"), 0);
    expect_nothing_told();
  }
}

TEST_F(CredentialsTest, AnotherHostsChallengeIsNotAnswered) {
  start(FaultRegistryOptions::Auth::Basic);
  home_.log_in(server_->host());
  Fault challenge;
  challenge.target = "/blobs/";
  challenge.status = 401;
  challenge.headers.emplace_back("WWW-Authenticate", "Basic realm=\"x\"");
  challenge.headers.emplace_back("WWW-Authenticate",
                                 "Bearer realm=\"" + other_.url() + "/token\",service=\"x\"");
  challenge.times = 100;
  other_.add(challenge);
  redirect("GET", "/blobs/");
  EXPECT_FALSE(pull());
  EXPECT_EQ(other_.count("GET", "/token"), 0);
  expect_nothing_told();
}

TEST_F(CredentialsTest, SignedQueriesOfARedirectAreNotShown) {
  start(FaultRegistryOptions::Auth::None);
  Fault signed_place;
  signed_place.method = "GET";
  signed_place.target = "/blobs/";
  signed_place.status = 307;
  signed_place.headers.emplace_back("Location", other_.url() + "/loop?signature=private");
  signed_place.times = 100;
  server_->add(signed_place);
  Fault away = signed_place;
  away.target = "/loop";
  away.headers = {{"Location", "file:///x"}};
  other_.add(away);
  const Result<void> pulled = pull();
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().message.find("private"), std::string::npos) << pulled.error().message;
}

}  // namespace
}  // namespace strata::backend
