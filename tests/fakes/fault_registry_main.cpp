// A registry on loopback that serves an OCI layout with a fault: for tests of the command line.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "tests/fakes/fault_registry.h"

namespace {

using strata::test::Fault;
using strata::test::FaultRegistry;
using strata::test::FaultRegistryOptions;

Fault status_fault(const std::string& method, int status, int times) {
  Fault fault;
  fault.method = method;
  fault.target = "/v2/";
  fault.status = status;
  fault.times = times;
  fault.body = R"({"errors":[{"code":"FAULT","message":"made to fail"}]})";
  return fault;
}

// False when there is no such fault.
bool add_fault(FaultRegistry& registry, const std::string& name, int times, int retry_after) {
  Fault blob;
  blob.method = "GET";
  blob.target = "/blobs/sha256:";
  blob.times = times;
  if (name == "wrong-digest") {
    blob.kind = Fault::Kind::WrongBytes;
    registry.add(blob);
  } else if (name == "half-blob") {
    blob.kind = Fault::Kind::Truncate;
    blob.bytes = 100;
    registry.add(blob);
  } else if (name == "extra-bytes") {
    blob.kind = Fault::Kind::ExtraBytes;
    blob.bytes = 10;
    registry.add(blob);
  } else if (name == "wrong-manifest") {
    blob.kind = Fault::Kind::WrongBytes;
    blob.target = "/manifests/";
    registry.add(blob);
  } else if (name == "401") {
    registry.add(status_fault("", 401, times));
  } else if (name == "404") {
    registry.add(status_fault("", 404, times));
  } else if (name == "429") {
    Fault fault = status_fault("", 429, times);
    fault.headers.emplace_back("Retry-After", std::to_string(retry_after));
    registry.add(fault);
  } else if (name == "500") {
    registry.add(status_fault("", 500, times));
  } else {
    return name.empty();
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "serves an OCI layout as a registry that misbehaves; prints its port; ends by a signal");
  std::string layout;
  std::string repository = "library/test";
  std::string tag = "latest";
  std::string fault;
  std::string auth = "none";
  int times = 1'000'000;
  int retry_after = 1;
  FaultRegistryOptions options;
  app.add_option("--port", options.port, "port to listen on (0: a free one)");
  app.add_option("--layout", layout, "OCI layout directory");
  app.add_option("--repository", repository);
  app.add_option("--tag", tag);
  app.add_option("--fault", fault,
                 "wrong-digest, half-blob, extra-bytes, wrong-manifest, 401, 404, 429, 500");
  app.add_option("--times", times, "how often; then it behaves");
  app.add_option("--retry-after", retry_after, "seconds, for 429");
  app.add_option("--auth", auth, "none, basic or bearer (alice, secret)");
  CLI11_PARSE(app, argc, argv);
  if (auth == "basic") {
    options.auth = FaultRegistryOptions::Auth::Basic;
  } else if (auth == "bearer") {
    options.auth = FaultRegistryOptions::Auth::Bearer;
    options.anonymous = FaultRegistryOptions::Anonymous::Nothing;
  }
  FaultRegistry registry(options);
  if (!layout.empty() && !registry.load_layout(layout, repository, tag)) {
    std::cerr << layout << ": not a readable OCI layout\n";
    return 2;
  }
  if (!add_fault(registry, fault, times, retry_after)) {
    std::cerr << fault << ": no such fault\n";
    return 2;
  }
  std::cout << registry.port() << std::endl;
  ::pause();
  return 0;
}
