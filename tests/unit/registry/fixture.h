#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "backend/registry/registry.h"
#include "backend/store/store.h"

namespace strata::backend {

// A directory of the test's own, and no credentials of the machine's user.
class QuietEnvironment {
 public:
  QuietEnvironment() {
    std::string pattern = std::filesystem::temp_directory_path() / "strata-registry-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
    for (const char* const name : {"REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
                                   "http_proxy", "HTTP_PROXY", "all_proxy"}) {
      ::unsetenv(name);
    }
    ::setenv("HOME", path_.c_str(), 1);
    ::setenv("DOCKER_CONFIG", path_.c_str(), 1);
  }
  ~QuietEnvironment() { std::filesystem::remove_all(path_); }
  QuietEnvironment(const QuietEnvironment&) = delete;
  QuietEnvironment& operator=(const QuietEnvironment&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }

 private:
  std::string path_;
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

  QuietEnvironment home_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<HttpClient> http_;
  RegistryOptions options_;
  std::vector<std::string> notices_;
  std::unique_ptr<Registry> registry_;
};

}  // namespace strata::backend
