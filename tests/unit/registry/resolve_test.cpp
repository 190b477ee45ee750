// The client against the fault-injecting registry: resolving references.
#include <gtest/gtest.h>

#include "tests/unit/registry/fixture.h"
#include "tests/unit/registry/image_kit.h"

namespace strata::backend {
namespace {

using test::Fault;
using test::FaultRegistry;
using test::FaultRegistryOptions;

class ResolveTest : public RegistryFixture {
 protected:
  Result<oci::Image> resolve(const std::string& name, const std::string& platform = "linux/amd64") {
    return registry().resolve(reference(server_.host() + "/" + name), platform);
  }
  // The error of a resolve that must fail.
  std::string failure(const std::string& name, ErrorCode code = ErrorCode::Network) {
    const Result<oci::Image> image = resolve(name);
    EXPECT_FALSE(image);
    if (image) {
      return "";
    }
    EXPECT_EQ(image.error().code, code) << image.error().message;
    EXPECT_NE(image.error().message.find(server_.host() + "/" + name), std::string::npos)
        << image.error().message;
    return image.error().message;
  }
  static bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  FaultRegistry server_;
  const TestImage image_ = make_image({"one", "two"});
};

TEST_F(ResolveTest, ManifestAndConfigEnterTheStore) {
  serve(server_, "a/b", "v1", image_);
  const Result<oci::Image> image = resolve("a/b:v1");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->manifest_descriptor.digest, image_.digest());
  EXPECT_EQ(image->manifest_descriptor.size, image_.manifest.size());
  EXPECT_EQ(image->config.architecture, "amd64");
  EXPECT_EQ(image->manifest.layers.size(), 2U);
  EXPECT_EQ(**store_->read_blob(image_.digest()), image_.manifest);
  EXPECT_EQ(**store_->read_blob(Digest::of(image_.config)), image_.config);
  EXPECT_EQ(*store_->resolved(server_.host() + "/a/b:v1", "linux/amd64"), image_.digest());
  EXPECT_EQ(server_.count("GET", "/blobs/"), 1) << "no layer is fetched";
}

TEST_F(ResolveTest, ADigestNeedsTheNetworkOnce) {
  serve(server_, "a/b", "v1", image_);
  const std::string name = "a/b@" + image_.digest().str();
  ASSERT_TRUE(resolve(name));
  server_.forget_requests();
  ASSERT_TRUE(resolve(name));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(ResolveTest, AnIndexIsFollowedToThePlatform) {
  const TestImage arm = make_image({"arm"}, "arm64");
  serve(server_, "a", "", image_);
  serve(server_, "a", "", arm);
  nlohmann::json amd_entry = descriptor_json(std::string(oci::kManifestType), image_.manifest);
  nlohmann::json arm_entry = descriptor_json(std::string(oci::kManifestType), arm.manifest);
  amd_entry["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
  arm_entry["platform"] = {{"os", "linux"}, {"architecture", "arm64"}};
  nlohmann::json index = {{"schemaVersion", 2},
                          {"mediaType", std::string(oci::kIndexType)},
                          {"manifests", {amd_entry, arm_entry}}};
  server_.put_manifest("a", "multi", index.dump(), std::string(oci::kIndexType));
  EXPECT_EQ(resolve("a:multi", "linux/arm64")->manifest_descriptor.digest, arm.digest());
  EXPECT_EQ(resolve("a:multi", "linux/amd64")->manifest_descriptor.digest, image_.digest());
  const Result<oci::Image> none = resolve("a:multi", "linux/s390x");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::NotFound);
  EXPECT_TRUE(holds(none.error().message, "linux/amd64, linux/arm64")) << none.error().message;
  // An index that lies about a size.
  index["manifests"][0]["size"] = image_.manifest.size() + 1;
  server_.put_manifest("a", "liar", index.dump(), std::string(oci::kIndexType));
  EXPECT_TRUE(holds(failure("a:liar"), "bytes"));
}

TEST_F(ResolveTest, NestedIndexesEnd) {
  std::string inner = image_.manifest;
  std::string type(oci::kManifestType);
  serve(server_, "a", "", image_);
  for (int depth = 1; depth <= 5; ++depth) {
    nlohmann::json entry = descriptor_json(type, inner);
    entry["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
    type = oci::kIndexType;
    inner =
        nlohmann::json{{"schemaVersion", 2}, {"mediaType", type}, {"manifests", {entry}}}.dump();
    server_.put_manifest("a", "deep" + std::to_string(depth), inner, type);
  }
  EXPECT_TRUE(resolve("a:deep3"));
  EXPECT_TRUE(holds(failure("a:deep4"), "nested"));
}

TEST_F(ResolveTest, MissingImagesSayWhatHelps) {
  const std::string message = failure("a/b:nope");
  EXPECT_TRUE(holds(message, "404 Not Found (MANIFEST_UNKNOWN: manifest unknown)")) << message;
  EXPECT_TRUE(holds(message, "check the spelling")) << message;
}

TEST_F(ResolveTest, WrongBytesAreRefusedWithBothDigests) {
  serve(server_, "a", "v1", image_);
  Fault fault;
  fault.kind = Fault::Kind::WrongBytes;
  fault.target = "/manifests/";
  fault.times = 2;
  server_.add(fault);
  std::string other = image_.manifest;
  other.back() = static_cast<char>(other.back() ^ 1);
  const std::string by_digest = failure("a@" + image_.digest().str());
  EXPECT_TRUE(holds(by_digest, Digest::of(other).str())) << by_digest;
  EXPECT_TRUE(holds(by_digest, image_.digest().str())) << by_digest;
  // By tag, the registry's own Docker-Content-Digest gives it away.
  EXPECT_TRUE(holds(failure("a:v1"), Digest::of(other).str()));
  fault.target = "/blobs/";
  fault.times = 1;
  server_.add(fault);
  EXPECT_TRUE(holds(failure("a:v1"), Digest::of(image_.config).str()));
  EXPECT_FALSE(store_->blob_size(image_.digest()));
  EXPECT_FALSE(store_->blob_size(Digest::of(image_.config)));
}

TEST_F(ResolveTest, DocumentsThatTwoReadersReadDifferentlyAreRefused) {
  serve(server_, "a", "v1", image_);
  Fault type;
  type.kind = Fault::Kind::ContentType;
  type.target = "/manifests/";
  type.body = std::string(oci::kDockerManifestType);
  server_.add(type);
  EXPECT_TRUE(holds(failure("a:v1"), "sent as"));
  nlohmann::json both = nlohmann::json::parse(image_.manifest);
  both["manifests"] = nlohmann::json::array();
  server_.put_manifest("a", "both", both.dump(), std::string(oci::kManifestType));
  failure("a:both");
  // A content type may have parameters.
  type.body = std::string(oci::kManifestType) + "; charset=utf-8";
  server_.add(type);
  EXPECT_TRUE(resolve("a:v1"));
  server_.put_manifest("a", "html", "<html></html>", "text/html");
  failure("a:html");
}

TEST_F(ResolveTest, LayersAndDiffIdsMustMatch) {
  TestImage image = image_;
  nlohmann::json manifest = nlohmann::json::parse(image.manifest);
  manifest["layers"].erase(1);
  image.manifest = manifest.dump();
  serve(server_, "a", "v1", image);
  EXPECT_TRUE(holds(failure("a:v1"), "1 layers, its config 2"));
}

TEST_F(ResolveTest, HugeDocumentsAreCutOff) {
  options_.max_manifest_bytes = 1000;
  server_.put_manifest("a", "huge", std::string(100'000, ' '), std::string(oci::kManifestType));
  EXPECT_TRUE(holds(failure("a:huge"), "longer than"));
  nlohmann::json manifest = nlohmann::json::parse(image_.manifest);
  manifest["config"]["size"] = std::uint64_t{1} << 40;
  server_.put_manifest("a", "config", manifest.dump(), std::string(oci::kManifestType));
  options_.max_manifest_bytes = std::uint64_t{4} << 20;
  registry_.reset();
  EXPECT_TRUE(holds(failure("a:config"), "config"));
}

TEST_F(ResolveTest, BadGatewaysAreRetriedAFewTimes) {
  serve(server_, "a", "v1", image_);
  Fault fault;
  fault.target = "/manifests/";
  fault.times = 3;
  server_.add(fault);
  EXPECT_TRUE(resolve("a:v1"));
  EXPECT_EQ(notices_.size(), 3U);
  fault.times = 100;
  fault.body = R"({"errors":[{"code":"UNKNOWN","message":"disk on fire"}]})";
  server_.add(fault);
  server_.forget_requests();
  const std::string message = failure("a:v1");
  EXPECT_TRUE(holds(message, "500 Internal Server Error (UNKNOWN: disk on fire)")) << message;
  EXPECT_EQ(server_.count("GET", "/manifests/"), 5);
}

TEST_F(ResolveTest, RetryAfterIsHonouredToldAndCapped) {
  serve(server_, "a", "v1", image_);
  Fault fault;
  fault.target = "/manifests/";
  fault.status = 429;
  fault.headers = {{"Retry-After", "1"}};
  server_.add(fault);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(resolve("a:v1"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(990));
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_TRUE(holds(notices_[0], "waiting 1 s")) << notices_[0];
  fault.headers = {{"Retry-After", "3600"}};
  server_.add(fault);
  EXPECT_TRUE(holds(failure("a:v1"), "asks to wait 3600 s"));
}

TEST_F(ResolveTest, ConnectionsThatBreakAreRetried) {
  serve(server_, "a", "v1", image_);
  Fault fault;
  fault.kind = Fault::Kind::HangUp;
  fault.target = "/manifests/";
  server_.add(fault);
  fault.kind = Fault::Kind::Truncate;
  fault.bytes = 10;
  server_.add(fault);
  EXPECT_TRUE(resolve("a:v1"));
}

TEST_F(ResolveTest, NobodyListens) {
  std::string host;
  {
    const FaultRegistry gone;
    host = gone.host();
  }
  const auto image = registry().resolve(reference(host + "/a:v1"), "linux/amd64");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::Network);
  EXPECT_TRUE(holds(image.error().message, host + "/a:v1")) << image.error().message;
}

TEST_F(ResolveTest, ACancelledClientStops) {
  serve(server_, "a", "v1", image_);
  http_->cancel();
  const auto image = registry().resolve(reference(server_.host() + "/a:v1"), "linux/amd64");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::Interrupted);
}

TEST_F(ResolveTest, MirrorsComeFirst) {
  serve(server_, "library/debian", "slim", image_);
  options_.mirrors = {{"docker.io", server_.host()}};
  const auto image = registry().resolve(reference("debian:slim"), "linux/amd64");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(*store_->resolved("docker.io/library/debian:slim", "linux/amd64"), image_.digest());
}

TEST_F(ResolveTest, BehindAMirrorStandsTheRegistryItself) {
  FaultRegistry upstream;
  serve(upstream, "a", "v1", image_);
  options_.mirrors = {{upstream.host(), server_.host()}};
  std::string notices;
  options_.on_notice = [&](const std::string& message) { notices += message + "\n"; };
  EXPECT_TRUE(registry().resolve(reference(upstream.host() + "/a:v1"), "linux/amd64"));
  EXPECT_TRUE(holds(notices, "mirror " + server_.host())) << notices;
  EXPECT_TRUE(holds(notices, "asking " + upstream.host())) << notices;
  const auto none = registry().resolve(reference(upstream.host() + "/a:v2"), "linux/amd64");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::Network);
  EXPECT_TRUE(holds(none.error().message, "mirror " + server_.host())) << none.error().message;
}

TEST_F(ResolveTest, HeadTellsWhatATagIs) {
  serve(server_, "a", "v1", image_);
  EXPECT_EQ((**registry().head_manifest(reference(server_.host() + "/a:v1"))).digest,
            image_.digest());
  EXPECT_EQ(server_.count("GET", "/manifests/"), 0);
  EXPECT_FALSE(registry().head_manifest(reference(server_.host() + "/a:v2"))->has_value());
  Fault fault;
  fault.method = "HEAD";
  fault.status = 405;
  server_.add(fault);
  EXPECT_EQ((**registry().head_manifest(reference(server_.host() + "/a:v1"))).digest,
            image_.digest());
}

class LoginTest : public RegistryFixture {
 protected:
  void start(FaultRegistryOptions options) {
    server_ = std::make_unique<FaultRegistry>(std::move(options));
    serve(*server_, "a/b", "v1", image_);
  }
  void log_in(const std::string& pair) { home_.log_in(server_->host(), pair); }
  Result<oci::Image> resolve() {
    return registry().resolve(reference(server_->host() + "/a/b:v1"), "linux/amd64");
  }
  const TestImage image_ = make_image({"one"});
  std::unique_ptr<FaultRegistry> server_;
};

TEST_F(LoginTest, BasicWithAndWithoutALogin) {
  FaultRegistryOptions options;
  options.auth = FaultRegistryOptions::Auth::Basic;
  start(options);
  const auto anonymous = resolve();
  ASSERT_FALSE(anonymous);
  EXPECT_NE(
      anonymous.error().message.find("401 Unauthorized (UNAUTHORIZED: authentication required)"),
      std::string::npos)
      << anonymous.error().message;
  EXPECT_NE(anonymous.error().message.find("docker login " + server_->host()), std::string::npos);
  EXPECT_EQ(anonymous.error().code, ErrorCode::Network);
  log_in("alice:secret");
  registry_.reset();
  EXPECT_TRUE(resolve());
  log_in("alice:wrong");
  registry_.reset();
  const auto wrong = registry().resolve(reference(server_->host() + "/a/b:v1"), "linux/amd64");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("stored login"), std::string::npos);
}

TEST_F(LoginTest, BearerAnonymousAndWithALogin) {
  FaultRegistryOptions options;
  options.auth = FaultRegistryOptions::Auth::Bearer;
  start(options);
  EXPECT_TRUE(resolve());
  options.anonymous = FaultRegistryOptions::Anonymous::Nothing;
  start(options);
  registry_.reset();
  EXPECT_FALSE(resolve());
  log_in("alice:secret");
  registry_.reset();
  EXPECT_TRUE(resolve());
  EXPECT_EQ(server_->count("GET", "/token"), 2) << "one token for the whole image";
  home_.write("config.json",
              R"({"auths":{")" + server_->host() + R"(":{"identitytoken":"secret"}}})");
  registry_.reset();
  EXPECT_TRUE(resolve());
}

TEST_F(LoginTest, TokensThatExpireAreRenewed) {
  FaultRegistryOptions options;
  options.auth = FaultRegistryOptions::Auth::Bearer;
  options.token_uses = 1;
  start(options);
  EXPECT_TRUE(resolve());
  EXPECT_EQ(server_->count("GET", "/token"), 2);
}

}  // namespace
}  // namespace strata::backend
