// The client against the fault-injecting registry: blobs down and up.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/registry/fixture.h"
#include "tests/unit/registry/image_kit.h"
#include "tests/unit/store/rot.h"

namespace strata::backend {
namespace {

using test::Fault;
using test::FaultRegistry;
using test::FaultRegistryOptions;

class PullTest : public RegistryFixture {
 protected:
  Result<void> pull() {
    const ir::Reference name = reference(server_.host() + "/a:v1");
    STRATA_ASSIGN(const oci::Image image, registry().resolve(name, "linux/amd64"));
    return registry().pull_layers(name, image);
  }
  void add(Fault::Kind kind, std::uint64_t bytes, int times = 1) {
    Fault fault;
    fault.kind = kind;
    fault.method = "GET";
    fault.target = image_.layer_digest(0).str();
    fault.bytes = bytes;
    fault.times = times;
    server_.add(fault);
  }
  std::string failure() {
    const Result<void> result = pull();
    EXPECT_FALSE(result);
    if (result) {
      return "";
    }
    EXPECT_EQ(result.error().code, ErrorCode::Network) << result.error().message;
    EXPECT_FALSE(store_->blob_size(image_.layer_digest(0)));
    return result.error().message;
  }
  void expect_whole() {
    for (const std::string& layer : image_.layers) {
      EXPECT_EQ(*store_->read_blob(Digest::of(layer)), layer);
    }
  }
  std::string range_of(int n) {
    int seen = 0;
    for (const test::RecordedRequest& request : server_.requests()) {
      if (request.method == "GET" && request.target.ends_with(image_.layer_digest(0).str()) &&
          seen++ == n) {
        const auto range = request.headers.find("range");
        return range == request.headers.end() ? "whole" : range->second;
      }
    }
    return "none";
  }
  void SetUp() override {
    RegistryFixture::SetUp();
    serve(server_, "a", "v1", image_);
  }

  FaultRegistry server_;
  const TestImage image_ =
      make_image({long_bytes(3'000'000, 1), long_bytes(10, 2), "", long_bytes(700'000, 3)});
};

TEST_F(PullTest, BringsAllLayersOnce) {
  std::uint64_t total = 0;
  std::mutex mutex;
  options_.on_progress = [&](const Digest&, std::uint64_t done, std::uint64_t all) {
    const std::lock_guard lock(mutex);
    total += done == all ? all : 0;
  };
  const Result<void> pulled = pull();
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_whole();
  EXPECT_EQ(total, 3'700'010U);
  server_.forget_requests();
  ASSERT_TRUE(pull());
  EXPECT_EQ(server_.count("GET", "/blobs/"), 0);
}

TEST_F(PullTest, HalfABlobIsResumed) {
  add(Fault::Kind::Truncate, 2'000'000);
  ASSERT_TRUE(pull());
  expect_whole();
  EXPECT_EQ(range_of(0), "whole");
  EXPECT_EQ(range_of(1), "bytes=2000000-");
}

TEST_F(PullTest, AnotherProcessResumesToo) {
  add(Fault::Kind::Truncate, 2'000'000, 1);
  add(Fault::Kind::Truncate, 0, 100);
  EXPECT_NE(failure().find(image_.layer_digest(0).str()), std::string::npos);
  FaultRegistry other;
  serve(other, "a", "v1", image_);
  const ir::Reference name = reference(other.host() + "/a:v1");
  const Result<oci::Image> image = registry().resolve(name, "linux/amd64");
  ASSERT_TRUE(image);
  ASSERT_TRUE(registry().pull_layers(name, *image));
  expect_whole();
  bool resumed = false;
  for (const test::RecordedRequest& request : other.requests()) {
    resumed = resumed || request.headers.count("range") > 0;
  }
  EXPECT_TRUE(resumed);
}

TEST_F(PullTest, ARegistryWithoutRangeSendsItAllAgain) {
  add(Fault::Kind::Truncate, 2'000'000);
  add(Fault::Kind::IgnoreRange, 0);
  ASSERT_TRUE(pull());
  expect_whole();
}

TEST_F(PullTest, AStaleRangeIsNotGluedOn) {
  add(Fault::Kind::Truncate, 2'000'000);
  add(Fault::Kind::StaleRange, 1'000'000);
  ASSERT_TRUE(pull());
  expect_whole();
  EXPECT_EQ(range_of(1), "bytes=2000000-");
  EXPECT_EQ(range_of(2), "whole");
}

TEST_F(PullTest, DamagedPartialFilesAreStartedOver) {
  std::ofstream(store_->partial_path(image_.layer_digest(0))) << std::string(1000, 'x');
  std::ofstream(store_->partial_path(image_.layer_digest(1))) << std::string(1000, 'y');
  std::ofstream(store_->partial_path(image_.layer_digest(3)))
      << std::string(image_.layers[3].size(), 'z');
  const Result<void> pulled = pull();
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_whole();
}

TEST_F(PullTest, WrongBytesNeverEnterTheStore) {
  add(Fault::Kind::WrongBytes, 0, 100);
  std::string other = image_.layers[0];
  other.back() = static_cast<char>(other.back() ^ 1);
  const std::string message = failure();
  EXPECT_NE(message.find(image_.layer_digest(0).str()), std::string::npos) << message;
  EXPECT_NE(message.find(Digest::of(other).str()), std::string::npos) << message;
  EXPECT_EQ(server_.count("GET", image_.layer_digest(0).str()), 1) << "no use to try again";
  struct stat status = {};
  EXPECT_NE(::stat(store_->partial_path(image_.layer_digest(0)).c_str(), &status), 0);
}

TEST_F(PullTest, MoreBytesThanPromisedAreCutOff) {
  add(Fault::Kind::ExtraBytes, 50'000'000, 100);
  EXPECT_NE(failure().find("more than the 3000000 bytes"), std::string::npos);
}

TEST_F(PullTest, HalfABlobForEverIsAnError) {
  add(Fault::Kind::Truncate, 100, 1000);
  failure();
  EXPECT_LE(server_.count("GET", image_.layer_digest(0).str()), 6);
}

TEST_F(PullTest, ALongRetryAfterIsNotWaitedForNorIgnored) {
  Fault fault;
  fault.target = image_.layer_digest(0).str();
  fault.times = 1000;
  fault.status = 429;
  fault.headers = {{"Retry-After", "1000"}};
  server_.add(fault);
  EXPECT_NE(failure().find("asks to wait 1000 s, which is too long"), std::string::npos);
  EXPECT_EQ(server_.count("GET", image_.layer_digest(0).str()), 1);
}

TEST_F(PullTest, RedirectsLoseTheAuthorization) {
  FaultRegistryOptions presigned;
  presigned.presigned = FaultRegistryOptions::Presigned::Yes;
  FaultRegistry storage(presigned);
  FaultRegistryOptions bearer;
  bearer.auth = FaultRegistryOptions::Auth::Bearer;
  FaultRegistry front(bearer);
  serve(storage, "a", "v1", image_);
  serve(front, "a", "v1", image_);
  Fault redirect;
  redirect.kind = Fault::Kind::Redirect;
  redirect.method = "GET";
  redirect.target = "/blobs/";
  redirect.body = storage.url();
  redirect.times = 100;
  const ir::Reference name = reference(front.host() + "/a:v1");
  const Result<oci::Image> image = registry().resolve(name, "linux/amd64");
  ASSERT_TRUE(image);
  front.add(redirect);
  const Result<void> pulled = registry().pull_layers(name, *image);
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_whole();
  EXPECT_EQ(storage.count("GET", "/blobs/"), 4);
}

TEST_F(PullTest, AFullDiskIsTheMachinesFault) {
  // A directory where the partial file belongs fails as an unwritable one does, for root too.
  std::filesystem::create_directory(store_->partial_path(image_.layer_digest(0)));
  const Result<void> pulled = pull();
  ASSERT_FALSE(pulled);
  EXPECT_NE(pulled.error().code, ErrorCode::Network);
}

class PushTest : public RegistryFixture {
 protected:
  void start(FaultRegistryOptions options = {}) {
    server_ = std::make_unique<FaultRegistry>(std::move(options));
  }
  void log_in() { home_.log_in(server_->host()); }
  Result<void> push(const std::string& name) {
    return registry().push(reference(server_->host() + "/" + name), store_image(image_));
  }
  void expect_there(const std::string& repository) {
    for (const std::string& layer : image_.layers) {
      EXPECT_TRUE(server_->has_blob(repository, Digest::of(layer).str()));
    }
    EXPECT_TRUE(server_->has_blob(repository, Digest::of(image_.config).str()));
    EXPECT_EQ(server_->manifest(repository, "v1"), image_.manifest);
  }
  Fault put_fault(Fault::Kind kind, int status = 500) {
    Fault fault;
    fault.kind = kind;
    fault.method = "PUT";
    fault.target = "/blobs/uploads/";
    fault.status = status;
    return fault;
  }

  std::unique_ptr<FaultRegistry> server_;
  const TestImage image_ = make_image({long_bytes(900'000, 5), "small", ""});
};

TEST_F(PushTest, BlobsThenConfigThenManifest) {
  for (const auto location :
       {FaultRegistryOptions::Location::Absolute, FaultRegistryOptions::Location::Relative,
        FaultRegistryOptions::Location::WithQuery}) {
    FaultRegistryOptions options;
    options.location = location;
    start(options);
    const Result<void> pushed = push("a/b:v1");
    ASSERT_TRUE(pushed) << pushed.error().message;
    expect_there("a/b");
    const std::vector<test::RecordedRequest> requests = server_->requests();
    EXPECT_TRUE(requests.back().target.ends_with("/manifests/v1"));
    EXPECT_EQ(requests.back().headers.at("content-type"), std::string(oci::kManifestType));
    for (const test::RecordedRequest& request : requests) {
      EXPECT_EQ(request.headers.count("transfer-encoding"), 0U) << request.target;
    }
    registry_.reset();
  }
}

TEST_F(PushTest, WhatIsThereIsNotSentAgain) {
  start();
  ASSERT_TRUE(push("a:v1"));
  server_->forget_requests();
  ASSERT_TRUE(push("a:v1"));
  EXPECT_EQ(server_->count("POST", ""), 0);
  EXPECT_EQ(server_->count("HEAD", "/blobs/"), 4);
}

TEST_F(PushTest, ByDigestWithoutATag) {
  start();
  ASSERT_TRUE(push("a@" + image_.digest().str()));
  EXPECT_EQ(server_->manifest("a", image_.digest().str()), image_.manifest);
  const Result<void> other = push("a:v1@" + Digest::of("other").str());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Input);
}

TEST_F(PushTest, BlobsOfOtherRepositoriesAreMounted) {
  start();
  ASSERT_TRUE(push("first:v1"));
  server_->forget_requests();
  ASSERT_TRUE(push("second:v1"));
  expect_there("second");
  EXPECT_EQ(server_->count("PUT", "/blobs/"), 0);
  EXPECT_EQ(server_->count("POST", "from=first"), 4);
}

TEST_F(PushTest, TheBaseNameAnnotationTellsWhereToMountFrom) {
  start();
  serve(*server_, "base", "v1", image_);
  nlohmann::json manifest = nlohmann::json::parse(image_.manifest);
  manifest["annotations"] = {{"org.opencontainers.image.base.name", server_->host() + "/base:v1"}};
  TestImage derived = image_;
  derived.manifest = manifest.dump();
  ASSERT_TRUE(registry().push(reference(server_->host() + "/app:v1"), store_image(derived)));
  EXPECT_EQ(server_->count("POST", "from=base"), 3);
  EXPECT_EQ(server_->count("PUT", "/blobs/"), 1) << "the config alone";
}

TEST_F(PushTest, AMountThatBecomesASessionIsUsed) {
  FaultRegistryOptions options;
  options.mount = FaultRegistryOptions::Mount::OpenSession;
  start(options);
  ASSERT_TRUE(push("first:v1"));
  server_->forget_requests();
  ASSERT_TRUE(push("second:v1"));
  expect_there("second");
  EXPECT_EQ(server_->count("POST", ""), 4) << "no second session";
}

TEST_F(PushTest, ARefusedMountIsAnUpload) {
  FaultRegistryOptions options;
  options.mount = FaultRegistryOptions::Mount::Refuse;
  start(options);
  ASSERT_TRUE(push("first:v1"));
  ASSERT_TRUE(push("second:v1"));
  expect_there("second");
}

TEST_F(PushTest, TokensForBothRepositoriesOfAMount) {
  FaultRegistryOptions options;
  options.auth = FaultRegistryOptions::Auth::Bearer;
  options.anonymous = FaultRegistryOptions::Anonymous::Nothing;
  start(options);
  log_in();
  ASSERT_TRUE(push("first:v1"));
  server_->forget_requests();
  ASSERT_TRUE(push("second:v1"));
  expect_there("second");
  EXPECT_EQ(server_->count("PUT", "/blobs/"), 0);
  EXPECT_EQ(server_->count(
                "GET", "scope=repository%3Asecond%3Apull%2Cpush&scope=repository%3Afirst%3Apull"),
            1);
}

TEST_F(PushTest, ATokenThatExpiresMidwayIsRenewed) {
  FaultRegistryOptions options;
  options.auth = FaultRegistryOptions::Auth::Bearer;
  options.token_uses = 2;
  start(options);
  log_in();
  options_.jobs = 1;
  const Result<void> pushed = push("a:v1");
  ASSERT_TRUE(pushed) << pushed.error().message;
  expect_there("a");
}

TEST_F(PushTest, ABrokenUploadStartsOver) {
  start();
  server_->add(put_fault(Fault::Kind::HangUp));
  server_->add(put_fault(Fault::Kind::Status, 500));
  server_->add(put_fault(Fault::Kind::Status, 404));
  ASSERT_TRUE(push("a:v1"));
  expect_there("a");
}

TEST_F(PushTest, ALostAnswerIsNotAnotherUpload) {
  start();
  server_->add(put_fault(Fault::Kind::LoseAnswer));
  options_.jobs = 1;
  ASSERT_TRUE(push("a:v1"));
  expect_there("a");
  // libcurl may itself repeat the PUT on a new connection; a new session would be a new upload.
  EXPECT_EQ(server_->count("POST", "/blobs/uploads/"), 4) << "four blobs";
}

TEST_F(PushTest, TooManyRequestsWait) {
  start();
  Fault fault = put_fault(Fault::Kind::Status, 429);
  fault.headers = {{"Retry-After", "1"}};
  server_->add(fault);
  ASSERT_TRUE(push("a:v1"));
  expect_there("a");
  EXPECT_FALSE(notices_.empty());
}

TEST_F(PushTest, ARegistryThatFailsForEverIsAskedFiveTimes) {
  start();
  Fault fault;
  fault.target = "/blobs/";
  fault.times = 1000;
  server_->add(fault);
  options_.jobs = 1;
  const Result<void> pushed = push("a:v1");
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, ErrorCode::Network);
  EXPECT_EQ(server_->count("HEAD", "/blobs/"), 5);
  EXPECT_EQ(server_->count("POST", "/blobs/uploads/"), 0);
}

TEST_F(PushTest, ARegistryWithoutSuchARepositoryIsNoInputError) {
  start();
  Fault fault;
  fault.method = "POST";
  fault.status = 404;
  fault.times = 1000;
  server_->add(fault);
  const Result<void> pushed = push("a:v1");
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, ErrorCode::Network);
}

TEST_F(PushTest, ALongRetryAfterIsNotWaitedForNorIgnored) {
  start();
  Fault fault = put_fault(Fault::Kind::Status, 429);
  fault.times = 1000;
  fault.headers = {{"Retry-After", "1000"}};
  server_->add(fault);
  options_.jobs = 1;
  const Result<void> pushed = push("a:v1");
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, ErrorCode::Network);
  EXPECT_EQ(server_->count("PUT", "/blobs/uploads/"), 1);
}

TEST_F(PushTest, ARegistryThatStoresSomethingElseIsCaught) {
  start();
  Fault fault;
  fault.method = "PUT";
  fault.target = "/manifests/";
  fault.status = 201;
  fault.headers = {{"Docker-Content-Digest", Digest::of("other").str()}};
  server_->add(fault);
  const Result<void> pushed = push("a:v1");
  ASSERT_FALSE(pushed);
  EXPECT_NE(pushed.error().message.find(Digest::of("other").str()), std::string::npos);
  EXPECT_NE(pushed.error().message.find(image_.digest().str()), std::string::npos);
}

TEST_F(PushTest, NoLoginSaysWhatHelps) {
  FaultRegistryOptions options;
  options.auth = FaultRegistryOptions::Auth::Bearer;
  start(options);
  const Result<void> pushed = push("a:v1");
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, ErrorCode::Network);
  EXPECT_NE(pushed.error().message.find("docker login " + server_->host()), std::string::npos)
      << pushed.error().message;
}

TEST_F(PushTest, ForeignLayersStayWhereTheyAre) {
  start();
  nlohmann::json manifest = nlohmann::json::parse(image_.manifest);
  manifest["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  TestImage image = image_;
  image.manifest = manifest.dump();
  const Result<void> pushed =
      registry().push(reference(server_->host() + "/a:v1"), store_image(image));
  ASSERT_FALSE(pushed);
  EXPECT_EQ(server_->count("POST", ""), 0);
  EXPECT_EQ(server_->manifest("a", "v1"), "");
}

TEST_F(PushTest, AnIndexGoesAfterItsImages) {
  start();
  store_image(image_);
  nlohmann::json entry = descriptor_json(std::string(oci::kManifestType), image_.manifest);
  entry["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
  const std::string index = nlohmann::json{
      {"schemaVersion", 2},
      {"mediaType", std::string(oci::kIndexType)},
      {"manifests", {entry}}}.dump();
  ASSERT_TRUE(store_->put_blob(index));
  const Descriptor descriptor{
      std::string(oci::kIndexType), Digest::of(index), index.size(), {}, ""};
  ASSERT_TRUE(registry().push(reference(server_->host() + "/a:v1"), descriptor));
  EXPECT_EQ(server_->manifest("a", "v1"), index);
  EXPECT_EQ(server_->manifest("a", image_.digest().str()), image_.manifest);
}

TEST_F(PushTest, AnImageThatIsNotWholeIsNotPushed) {
  start();
  const Descriptor manifest = store_image(image_);
  std::filesystem::remove(store_->blob_path(image_.layer_digest(1)));
  const Result<void> pushed = registry().push(reference(server_->host() + "/a:v1"), manifest);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, ErrorCode::Corrupt);
  EXPECT_EQ(server_->manifest("a", "v1"), "");
}

// The note of an earlier verification says that all is well.
TEST_F(PushTest, ABlobThatRottedBelowTheFileSystemIsNotPushed) {
  start();
  const TestImage image = make_image({long_bytes(3'000'000, 5)});
  const Descriptor manifest = store_image(image);
  rot(*store_, image.layer_digest(0));
  ASSERT_TRUE(*store_->verify_blob(image.layer_digest(0)));
  const Result<void> pushed = registry().push(reference(server_->host() + "/a:v1"), manifest);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, ErrorCode::Corrupt) << pushed.error().message;
  EXPECT_NE(pushed.error().message.find(image.layer_digest(0).str()), std::string::npos);
  EXPECT_EQ(server_->manifest("a", "v1"), "");
  EXPECT_EQ(server_->count("PUT", "/blobs/uploads/"), 0) << "the last byte was not sent";
  EXPECT_FALSE(store_->blob_size(image.layer_digest(0))) << "it is set aside";
}

}  // namespace
}  // namespace strata::backend
