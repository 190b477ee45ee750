#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/base/result.h"
#include "ir/image_config.h"

namespace strata::ir {

// The two seams through which a frontend learns of the world. backend/ implements them, driver/
// injects them, and both record what was read. Neither is thread-safe.

// Texts beside the main file: ignore files, spec imports, requirement files.
class SourceLoader {
 public:
  virtual ~SourceLoader() = default;
  // `path` is relative to the context `context` ("" the main one) and must not leave it
  // (ErrorCode::Outside). A file that is not there is ErrorCode::NotFound.
  virtual Result<std::string> load(const std::string& context, const std::string& path) = 0;
  // The same relative to the main input file's directory, which may lie outside the context
  // (Dockerfile.dockerignore).
  virtual Result<std::string> load_beside(const std::string& path) = 0;
};

struct ImageRequest {
  std::string ref;       // as written, or normalized
  std::string platform;  // normalized; "" takes the host's
};

// What a reference stands for, whole.
struct ImageBinding {
  std::string ref;  // normalized
  std::string platform;
  Digest manifest;
  Digest config_digest;
  ImageConfig config;
};

struct LocalRequest {
  std::string context;
  // Clean, relative, "" the whole context; may hold wildcards.
  std::string source;
  SharedStrings ignore;
};

struct LocalBinding {
  // Digest of the selection: backend/context/README.md has its format.
  Digest tree;
  // How many items it selects that are no directories: a wildcard may select several.
  std::size_t files = 0;
};

class SourceResolver {
 public:
  virtual ~SourceResolver() = default;
  // The value is nullopt when this resolver leaves things unbound (lint, dump, opt). Errors:
  // NotFound (no such image, platform), Network, Corrupt, Input (malformed reference).
  virtual Result<std::optional<ImageBinding>> image(const ImageRequest& request) = 0;
  // Errors: NotFound (nothing selected), Outside (the source or a link on it leaves the context),
  // Input (bad pattern, or something that cannot be copied), Io.
  virtual Result<std::optional<LocalBinding>> local(const LocalRequest& request) = 0;
};

// Has no texts: where there is no context.
class UnboundLoader final : public SourceLoader {
 public:
  Result<std::string> load(const std::string& /*context*/, const std::string& path) override {
    return Error{ErrorCode::NotFound, path + ": no other file is read here"};
  }
  Result<std::string> load_beside(const std::string& path) override { return load("", path); }
};

// Binds nothing: for lint, dump and opt, which see neither context nor network.
class UnboundResolver final : public SourceResolver {
 public:
  Result<std::optional<ImageBinding>> image(const ImageRequest& /*request*/) override {
    return std::optional<ImageBinding>();
  }
  Result<std::optional<LocalBinding>> local(const LocalRequest& /*request*/) override {
    return std::optional<LocalBinding>();
  }
};

}  // namespace strata::ir
