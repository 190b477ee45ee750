// The registry client against Debian's docker-registry on a loopback port of its own.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/unit/registry/fixture.h"
#include "tests/unit/registry/image_kit.h"

namespace strata::backend {
namespace {

constexpr const char* kProgram = "/usr/bin/docker-registry";

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  (void)::bind(fd, generic, size);
  ::getsockname(fd, generic, &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

// A docker-registry process, ended with the object.
class DockerRegistry {
 public:
  DockerRegistry(const std::string& directory, const std::string& extra) {
    port_ = free_port();
    const std::string config = directory + "/registry.yml";
    std::ofstream(config) << "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n"
                          << "    rootdirectory: " << directory
                          << "/data\nhttp:\n  addr: " << host() << "\n"
                          << extra;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      (void)::freopen((directory + "/registry.log").c_str(), "w", stderr);
      (void)::freopen("/dev/null", "w", stdout);
      ::execl(kProgram, kProgram, "serve", config.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ~DockerRegistry() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] bool wait_until_up(HttpClient& http) const {
    HttpRequest request;
    request.url = "http://" + host() + "/v2/";
    for (int i = 0; i < 200; ++i) {
      if (http.send(request)) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

 private:
  int port_ = 0;
  pid_t pid_ = 0;
};

class DockerRegistryTest : public RegistryFixture {
 protected:
  void start(const std::string& extra = "") {
    ASSERT_EQ(::access(kProgram, X_OK), 0) << kProgram << " (Debian's docker-registry) is needed";
    server_ = std::make_unique<DockerRegistry>(home_.path(), extra);
    ASSERT_TRUE(server_->wait_until_up(*http_));
  }
  std::unique_ptr<Store> other_store() {
    Result<std::unique_ptr<Store>> opened =
        Store::open(home_.path() + "/store" + std::to_string(++stores_));
    EXPECT_TRUE(opened);
    return *std::move(opened);
  }
  Descriptor store_image() { return RegistryFixture::store_image(image_); }
  void push(const std::string& name) {
    const Result<void> pushed =
        registry().push(reference(server_->host() + "/" + name), store_image());
    ASSERT_TRUE(pushed) << pushed.error().message;
  }
  // Into a store of its own.
  void expect_pull(const std::string& name, Store& store) {
    Registry fresh(*http_, store, options_);
    const ir::Reference parsed = reference(server_->host() + "/" + name);
    const Result<oci::Image> image = fresh.resolve(parsed, "linux/amd64");
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->manifest_descriptor.digest, image_.digest());
    const Result<void> pulled = fresh.pull_layers(parsed, *image);
    ASSERT_TRUE(pulled) << pulled.error().message;
    for (const std::string& layer : image_.layers) {
      EXPECT_EQ(*store.read_blob(Digest::of(layer)), layer);
    }
  }

  const TestImage image_ = make_image({long_bytes(5'000'000, 1), long_bytes(1000, 2)});
  std::unique_ptr<DockerRegistry> server_;
  int stores_ = 0;
};

TEST_F(DockerRegistryTest, PushPullByTagAndDigest) {
  start();
  push("team/app:v1");
  expect_pull("team/app:v1", *other_store());
  expect_pull("team/app@" + image_.digest().str(), *other_store());
  EXPECT_EQ((**registry().head_manifest(reference(server_->host() + "/team/app:v1"))).digest,
            image_.digest());
  EXPECT_FALSE(registry().head_manifest(reference(server_->host() + "/team/app:v2"))->has_value());
  const auto none = registry().resolve(reference(server_->host() + "/team/nope:v1"), "linux/amd64");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::Network);
}

TEST_F(DockerRegistryTest, MountsFromAnotherRepository) {
  std::atomic<int> uploads = 0;
  options_.on_progress = [&](const Digest&, std::uint64_t done, std::uint64_t total) {
    uploads += done == total ? 1 : 0;
  };
  start();
  push("first:v1");
  EXPECT_EQ(uploads, 3);
  push("second:v1");
  EXPECT_EQ(uploads, 3) << "mounted, not sent again";
  expect_pull("second:v1", *other_store());
}

TEST_F(DockerRegistryTest, ResumesAPartialDownload) {
  start();
  push("app:v1");
  const std::unique_ptr<Store> store = other_store();
  std::ofstream(store->partial_path(image_.layer_digest(0)), std::ios::binary)
      << image_.layers[0].substr(0, 3'000'000);
  expect_pull("app:v1", *store);
}

TEST_F(DockerRegistryTest, BasicAuthentication) {
  // bcrypt of "secret".
  home_.write("htpasswd", "alice:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n");
  start("auth:\n  htpasswd:\n    realm: test\n    path: " + home_.path() + "/htpasswd\n");
  const ir::Reference name = reference(server_->host() + "/app:v1");
  const Result<void> anonymous = registry().push(name, store_image());
  ASSERT_FALSE(anonymous);
  EXPECT_NE(anonymous.error().message.find("401"), std::string::npos) << anonymous.error().message;
  home_.log_in(server_->host());
  registry_.reset();
  push("app:v1");
  expect_pull("app:v1", *other_store());
}

}  // namespace
}  // namespace strata::backend
