// A registry on loopback that serves an OCI layout with a fault: for tests of the command line.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <string>

#include "tests/fakes/fault_registry.h"

namespace {

using strata::test::Fault;
using strata::test::FaultRegistry;
using strata::test::FaultRegistryOptions;

struct Wanted {
  std::string fault;
  // "": where the fault belongs.
  std::string method;
  std::string target;
  int times = 1'000'000;
  int retry_after = 1;
};

Fault status_fault(int status) {
  Fault fault;
  fault.target = "/v2/";
  fault.status = status;
  fault.body = R"({"errors":[{"code":"FAULT","message":"made to fail"}]})";
  return fault;
}

Fault read_fault(Fault::Kind kind, const std::string& target, std::uint64_t bytes) {
  Fault fault;
  fault.kind = kind;
  fault.method = "GET";
  fault.target = target;
  fault.bytes = bytes;
  return fault;
}

// nullopt when there is no such fault.
std::optional<Fault> fault_of(const Wanted& wanted) {
  const std::string& name = wanted.fault;
  std::optional<Fault> fault;
  if (name == "wrong-digest") {
    fault = read_fault(Fault::Kind::WrongBytes, "/blobs/sha256:", 0);
  } else if (name == "half-blob") {
    fault = read_fault(Fault::Kind::Truncate, "/blobs/sha256:", 100);
  } else if (name == "extra-bytes") {
    fault = read_fault(Fault::Kind::ExtraBytes, "/blobs/sha256:", 10);
  } else if (name == "wrong-manifest") {
    fault = read_fault(Fault::Kind::WrongBytes, "/manifests/", 0);
  } else if (name == "silent") {
    fault = read_fault(Fault::Kind::Silent, "", 0);
  } else if (name == "drip") {
    fault = read_fault(Fault::Kind::Drip, "/v2/", 0);
  } else if (name == "401" || name == "404" || name == "429" || name == "500") {
    fault = status_fault(std::stoi(name));
  } else {
    return std::nullopt;
  }
  if (name == "429") {
    fault->headers.emplace_back("Retry-After", std::to_string(wanted.retry_after));
  }
  if (!wanted.method.empty()) {
    fault->method = wanted.method;
  }
  if (!wanted.target.empty()) {
    fault->target = wanted.target;
  }
  fault->times = wanted.times;
  return fault;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "serves an OCI layout as a registry that misbehaves; prints its port; ends by a signal");
  std::string layout;
  std::string repository = "library/test";
  std::string tag = "latest";
  std::string auth = "none";
  Wanted wanted;
  FaultRegistryOptions options;
  app.add_option("--port", options.port, "port to listen on (0: a free one)");
  app.add_option("--layout", layout, "OCI layout directory");
  app.add_option("--repository", repository);
  app.add_option("--tag", tag);
  app.add_option(
      "--fault", wanted.fault,
      "wrong-digest, half-blob, extra-bytes, wrong-manifest, silent, drip, 401, 404, 429, "
      "500");
  app.add_option("--method", wanted.method, "the fault is in answers to this method only");
  app.add_option("--target", wanted.target, "a part of the URLs that have the fault");
  app.add_option("--times", wanted.times, "how often; then it behaves");
  app.add_option("--retry-after", wanted.retry_after, "seconds, for 429");
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
  if (!wanted.fault.empty()) {
    const std::optional<Fault> fault = fault_of(wanted);
    if (!fault) {
      std::cerr << wanted.fault << ": no such fault\n";
      return 2;
    }
    registry.add(*fault);
  }
  std::cout << registry.port() << std::endl;
  ::pause();
  return 0;
}
