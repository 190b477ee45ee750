// --build-context: what stands before and behind the `=`.
#include "driver/build_contexts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "ir/reference.h"

namespace strata::driver {
namespace {

// buildx's other kinds of context.
bool is_remote(std::string_view value) {
  constexpr std::array<std::string_view, 9> kPrefixes = {
      "docker-image://", "oci-layout://", "target:", "http://",    "https://",
      "git://",          "ssh://",        "git@",    "github.com/"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return value.starts_with(prefix); });
}

}  // namespace

Result<std::pair<std::string, std::string>> parse_build_context(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return Error{ErrorCode::Input,
                 fmt::format("`{0}` is not of the form NAME=DIRECTORY{1}", text,
                             equals == std::string::npos && !text.empty()
                                 ? fmt::format("; write `--build-context {0}=./{0}`", text)
                                 : "")};
  }
  const std::string name = text.substr(0, equals);
  std::string directory = text.substr(equals + 1);
  const auto reference = ir::Reference::parse(name);
  if (!reference) {
    return Error{ErrorCode::Input,
                 fmt::format("`{}` cannot name a context: it could not name an image", name)};
  }
  std::string familiar = reference->familiar();
  if (familiar == "scratch" || familiar == "context") {
    return Error{ErrorCode::Input, fmt::format("`{}` is reserved and names no context", name)};
  }
  if (is_remote(directory)) {
    return Error{ErrorCode::Input,
                 fmt::format("context `{}` is `{}`, and only directories are supported yet", name,
                             directory)};
  }
  std::error_code failed;
  if (!std::filesystem::is_directory(directory, failed)) {
    return Error{ErrorCode::Input,
                 fmt::format("context `{}` is `{}`, which is not a directory", name, directory)};
  }
  return std::pair(std::move(familiar), std::move(directory));
}

}  // namespace strata::driver
