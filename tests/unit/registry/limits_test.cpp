// Servers that are slow, silent or endless, with limits of a second.
#include <gtest/gtest.h>

#include "backend/registry/answer_reader.h"
#include "tests/unit/registry/fixture.h"
#include "tests/unit/registry/image_kit.h"

namespace strata::backend {
namespace {

using test::Fault;
using test::FaultRegistry;

class LimitsTest : public RegistryFixture {
 protected:
  void SetUp() override {
    RegistryFixture::SetUp();
    HttpLimits limits;
    limits.connect_seconds = 1;
    limits.slow_seconds = 1;
    limits.patience_seconds = 0;
    http_ = make_curl_client(limits);
    serve(server_, "a", "v1", image_);
  }
  void add(Fault::Kind kind, const std::string& method, const std::string& target,
           int times = 1000) {
    Fault fault;
    fault.kind = kind;
    fault.method = method;
    fault.target = target;
    fault.times = times;
    server_.add(fault);
  }
  Result<void> pull() {
    const ir::Reference name = reference(server_.host() + "/a:v1");
    STRATA_ASSIGN(const oci::Image image, registry().resolve(name, "linux/amd64"));
    return registry().pull_layers(name, image);
  }
  Result<void> push() {
    return registry().push(reference(server_.host() + "/b:v1"), store_image(image_));
  }
  static void expect_too_slow(const Result<void>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Network) << result.error().message;
    EXPECT_NE(result.error().message.find("bytes/sec"), std::string::npos)
        << result.error().message;
  }

  FaultRegistry server_;
  const TestImage image_ = make_image({"one"});
};

TEST_F(LimitsTest, AManifestThatDripsIsGivenUp) {
  add(Fault::Kind::Drip, "GET", "/manifests/");
  expect_too_slow(pull());
}

TEST_F(LimitsTest, ABlobThatDripsIsGivenUp) {
  add(Fault::Kind::Drip, "GET", "/blobs/" + image_.layer_digest(0).str());
  EXPECT_FALSE(pull());
}

TEST_F(LimitsTest, ASilentServerIsGivenUpForEachKindOfRequest) {
  for (const char* const target : {"/manifests/", "/blobs/"}) {
    FaultRegistry silent;
    Fault fault;
    fault.kind = Fault::Kind::Silent;
    fault.target = target;
    fault.times = 1000;
    silent.add(fault);
    expect_too_slow(registry().push(reference(silent.host() + "/b:v1"), store_image(image_)));
  }
  add(Fault::Kind::Silent, "GET", "/manifests/");
  expect_too_slow(pull());
}

TEST_F(LimitsTest, ASilentUploadIsGivenUp) {
  add(Fault::Kind::Silent, "PUT", "/blobs/uploads/");
  expect_too_slow(push());
  EXPECT_EQ(server_.count("PUT", "/blobs/uploads/"), 1) << "given up, not tried five times";
}

TEST_F(LimitsTest, OneSlowAnswerIsTriedAgain) {
  HttpLimits limits;
  limits.slow_seconds = 1;
  http_ = make_curl_client(limits);
  registry_.reset();
  add(Fault::Kind::Silent, "GET", "/manifests/", 1);
  const Result<void> pulled = pull();
  EXPECT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(server_.count("GET", "/manifests/"), 2);
}

TEST_F(LimitsTest, AHeadWithoutEndIsRefused) {
  Fault fault;
  fault.target = "/manifests/";
  fault.status = 200;
  for (int i = 0; i < 200; ++i) {
    fault.headers.emplace_back("X-" + std::to_string(i), std::string(4000, 'x'));
  }
  server_.add(fault);
  const Result<void> pulled = pull();
  ASSERT_FALSE(pulled);
  EXPECT_NE(pulled.error().message.find("longer than"), std::string::npos)
      << pulled.error().message;
}

TEST(AnswerReader, AFoldedHeaderIsOneValue) {
  const HttpRequest request;
  AnswerReader reader(request);
  EXPECT_TRUE(reader.take_head_line("HTTP/1.1 202 Accepted\r\n"));
  EXPECT_TRUE(reader.take_head_line("Location: http://h/upload\r\n"));
  EXPECT_TRUE(reader.take_head_line("  X-Other: y\r\n"));
  EXPECT_TRUE(reader.take_head_line("\r\n"));
  EXPECT_EQ(reader.response().status, 202);
  EXPECT_EQ(reader.response().header("location"), "http://h/upload X-Other: y");
}

TEST(AnswerReader, OnlyLineEndsAndBlanksAreTrimmed) {
  const HttpRequest request;
  AnswerReader reader(request);
  EXPECT_TRUE(reader.take_head_line("Location: \t/a\x01 \r\n"));
  EXPECT_EQ(reader.response().header("location"), "/a\x01");
}

TEST(AnswerReader, ASecondAnswerReplacesTheFirst) {
  const HttpRequest request;
  AnswerReader reader(request);
  for (const char* const line :
       {"HTTP/1.1 100 Continue\r\n", "X-A: 1\r\n", "\r\n", "HTTP/2 200\r\n", " folded\r\n"}) {
    EXPECT_TRUE(reader.take_head_line(line));
  }
  EXPECT_EQ(reader.response().status, 200);
  EXPECT_TRUE(reader.response().headers.empty());
}

}  // namespace
}  // namespace strata::backend
