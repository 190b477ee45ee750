// What a build writes is looked at before its first step, which may take long.
#include "driver/output_checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string_view>

#include "backend/system/files.h"
#include "backend/system/output_file.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

namespace fs = std::filesystem;

// A directory that is there, or the nearest above it: what can be made is made later.
Result<void> check_directory(const std::string& dest) {
  std::error_code failed;
  fs::path at = fs::absolute(dest, failed);
  while (at.has_relative_path() && !fs::exists(fs::symlink_status(at, failed))) {
    at = at.parent_path();
  }
  if (!fs::is_directory(at, failed)) {
    return Error{ErrorCode::Input, fmt::format("`{}`: `{}` is not a directory", dest, at.string())};
  }
  if (::faccessat(AT_FDCWD, at.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return backend::errno_error(at.string(), errno);
  }
  return {};
}

Result<void> named(std::string_view flag, Result<void> checked) {
  if (checked) {
    return {};
  }
  Error error = std::move(checked).error();
  error.message = fmt::format("{}: {}", flag, error.message);
  return error;
}

// Below what an output makes, which is not there yet.
bool is_made(const std::string& file, const std::vector<ImageNames>& images) {
  for (const ImageNames& image : images) {
    for (const OutputOption& output : image.outputs) {
      std::string directory = output.dest;
      while (directory.ends_with('/')) {
        directory.pop_back();
      }
      if ((output.type == "local" || output.type == "oci") && !directory.empty() &&
          file.starts_with(directory + "/")) {
        return true;
      }
    }
  }
  return false;
}

bool is_regular_or_absent(const std::string& path) {
  std::error_code failed;
  return path != "-" && !fs::is_other(path, failed);
}

}  // namespace

std::vector<std::string> loaders() {
  const char* path = std::getenv("PATH");
  const std::string directories = path == nullptr ? "/usr/bin:/bin" : path;
  std::vector<std::string> found;
  for (const char* program : {"docker", "podman"}) {
    for (const std::string_view directory : split(directories, ':')) {
      const std::string file =
          (directory.empty() ? std::string(".") : std::string(directory)) + "/" + program;
      if (::access(file.c_str(), X_OK) == 0) {
        found.emplace_back(program);
        break;
      }
    }
  }
  return found;
}

Result<void> check_output(const OutputOption& output) {
  if (output.type == "registry") {
    return {};
  }
  if (output.dest.empty()) {
    return loaders().empty()
               ? Result<void>(Error{ErrorCode::Machine,
                                    "there is neither docker nor podman to load the image into"})
               : Result<void>();
  }
  if (output.type == "oci" || output.type == "local") {
    return named("-o", check_directory(output.dest));
  }
  if (output.dest == "-" && ::isatty(STDOUT_FILENO) != 0) {
    return Error{ErrorCode::Input,
                 "-o: standard output is a terminal, which an archive is not for; name a file"};
  }
  return named("-o", backend::OutputFile::check(output.dest));
}

Result<void> check_written_files(const BuildOptions& options,
                                 const std::vector<ImageNames>& images) {
  std::map<std::string, std::string_view> written;
  for (const ImageNames& image : images) {
    for (const OutputOption& output : image.outputs) {
      STRATA_TRY(check_output(output));
      if (output.type != "oci" && output.type != "local") {
        written.emplace(output.dest, "-o");
      }
    }
  }
  const std::vector<std::pair<std::string_view, const std::string&>> files = {
      {"--iidfile", options.iidfile},
      {"--digest-file", options.digest_file},
      {"--metadata-file", options.metadata_file}};
  for (const auto& [flag, path] : files) {
    if (path.empty()) {
      continue;
    }
    if (!is_made(path, images)) {
      STRATA_TRY(named(flag, backend::OutputFile::check(path)));
    }
    const auto [other, is_first] = written.emplace(path, flag);
    if (!is_first && is_regular_or_absent(path)) {
      return Error{ErrorCode::Input,
                   fmt::format("{} and {} would both write `{}`", other->second, flag, path)};
    }
  }
  return {};
}

}  // namespace strata::driver
