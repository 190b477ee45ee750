// CONTEXT, as people write it who know docker's.
#include "driver/context_argument.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "backend/system/files.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

namespace fs = std::filesystem;

bool is_remote(std::string_view context) {
  constexpr std::array<std::string_view, 3> kPrefixes = {"git@", "github.com/", "gitlab.com/"};
  const std::size_t scheme = context.find("://");
  return (scheme != std::string_view::npos && scheme > 0 && context.find('/') > scheme) ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return context.starts_with(prefix); });
}

bool is_archive(std::string_view name) {
  constexpr std::array<std::string_view, 7> kEnds = {".tar",     ".tar.gz",  ".tgz", ".tar.xz",
                                                     ".tar.zst", ".tar.bz2", ".zip"};
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

std::string what_to_do_with(const std::string& url) {
  const std::string path = url.substr(0, url.find_first_of("#?"));
  const bool is_git = path.ends_with(".git") || url.starts_with("git") || url.starts_with("ssh://");
  return is_git || !is_archive(path)
             ? fmt::format("git clone {} DIRECTORY && strata build DIRECTORY",
                           path.starts_with("git") && path.find_first_of("@:") == std::string::npos
                               ? "https://" + path
                               : path)
             : fmt::format(
                   "mkdir DIRECTORY && curl -L {} | tar -xz -C DIRECTORY && strata build "
                   "DIRECTORY",
                   path);
}

// Files that -f may be meant for.
bool may_be_input(const std::string& name) {
  const std::string lower = ascii_lower(name);
  return lower.starts_with("dockerfile") || lower.starts_with("containerfile") ||
         lower.ends_with(".dockerfile") || lower.ends_with(".containerfile") ||
         lower.ends_with(".strata");
}

}  // namespace

Result<void> check_context(const InputOptions& options) {
  const std::string& context = options.context;
  std::error_code failed;
  if (fs::is_directory(context, failed)) {
    return {};
  }
  if (context == "-") {
    return Error{ErrorCode::Input,
                 "a context on standard input is not supported yet, and a Dockerfile there is "
                 "`strata build -` without -f"};
  }
  if (is_remote(context)) {
    return Error{ErrorCode::Input,
                 fmt::format("`{}` is a URL, and a context is a directory yet: {}", context,
                             what_to_do_with(context))};
  }
  if (!fs::exists(fs::status(context, failed))) {
    return Error{ErrorCode::NotFound, fmt::format("`{}`: there is no such directory", context)};
  }
  if (is_archive(context)) {
    return Error{
        ErrorCode::Input,
        fmt::format("`{0}` is an archive, and a context is a directory: mkdir DIRECTORY && "
                    "tar -xf {0} -C DIRECTORY && strata build DIRECTORY",
                    context)};
  }
  if (!options.file.empty()) {
    return Error{ErrorCode::Input,
                 fmt::format("`{}` is a file, and a context is a directory", context)};
  }
  return Error{ErrorCode::Input,
               fmt::format("`{0}` is a file, and a context is a directory; to build that file: "
                           "-f {0} {1}",
                           context, backend::directory_of(context))};
}

bool is_archive_text(std::string_view text) {
  constexpr std::array<std::string_view, 4> kCompressed = {"\x1f\x8b", "BZh",
                                                           "\xfd"
                                                           "7zXZ",
                                                           "\x28\xb5\x2f\xfd"};
  constexpr std::size_t kTarMagic = 257;
  return std::any_of(kCompressed.begin(), kCompressed.end(),
                     [&](std::string_view magic) { return text.starts_with(magic); }) ||
         (text.size() > kTarMagic && text.substr(kTarMagic).starts_with("ustar"));
}

Error no_input_file(const std::string& context) {
  std::vector<std::string> names;
  if (auto listed = backend::list_directory(context)) {
    names = *std::move(listed);
  }
  if (names.empty()) {
    return {ErrorCode::NotFound,
            fmt::format("`{}` is an empty directory: there is nothing to build", context)};
  }
  const auto meant = std::find_if(names.begin(), names.end(), may_be_input);
  const std::string advice =
      meant == names.end()
          ? std::string("name the file with -f")
          : fmt::format("did you mean `-f {}`?", context == "." ? *meant : context + "/" + *meant);
  return {ErrorCode::NotFound,
          fmt::format("{}: there is no image.strata, Dockerfile or Containerfile here; {}", context,
                      advice)};
}

}  // namespace strata::driver
