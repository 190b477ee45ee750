#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "backend/registry/registry.h"
#include "backend/store/store.h"
#include "ir/base/text.h"
#include "tests/unit/registry/image_kit.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {

// A directory of the test's own, and no credentials of the machine's user.
class QuietEnvironment : public TempDirectory {
 public:
  QuietEnvironment() {
    for (const char* const name : {"REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
                                   "http_proxy", "HTTP_PROXY", "all_proxy"}) {
      ::unsetenv(name);
    }
    ::setenv("HOME", path().c_str(), 1);
    ::setenv("DOCKER_CONFIG", path().c_str(), 1);
  }
  // Leaves a login, `user:password`, as docker does.
  void log_in(const std::string& registry, const std::string& pair = "alice:secret") const {
    write("config.json",
          R"({"auths":{")" + registry + R"(":{"auth":")" + base64_encode(pair) + R"("}}})");
  }
};

class RegistryFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Store>> opened = Store::open(home_.path() + "/store");
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    http_ = make_curl_client();
    options_.retry_delay_ms = 1;
    options_.on_notice = [this](const std::string& message) { notices_.push_back(message); };
  }

  // Keeps what it knows between calls.
  Registry& registry() {
    if (!registry_) {
      registry_ = std::make_unique<Registry>(*http_, *store_, options_);
    }
    return *registry_;
  }

  static ir::Reference reference(const std::string& text) {
    std::optional<ir::Reference> parsed = ir::Reference::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(ir::Reference());
  }

  // The image's bytes; its manifest.
  Descriptor store_image(const TestImage& image) {
    for (const std::string& layer : image.layers) {
      EXPECT_TRUE(store_->put_blob(layer));
    }
    EXPECT_TRUE(store_->put_blob(image.config));
    EXPECT_TRUE(store_->put_blob(image.manifest));
    return Descriptor{
        std::string(oci::kManifestType), image.digest(), image.manifest.size(), {}, ""};
  }

  QuietEnvironment home_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<HttpClient> http_;
  RegistryOptions options_;
  std::vector<std::string> notices_;
  std::unique_ptr<Registry> registry_;
};

}  // namespace strata::backend
