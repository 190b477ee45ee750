// The values of run's flags, as docker writes them.
#include "driver/run_values.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "backend/system/files.h"

namespace strata::driver {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";

Error wrong(std::string message) { return {ErrorCode::Input, std::move(message)}; }

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

// A word without a slash is a path for strata and a named volume for docker.
std::string missing_source(const std::string& text, const std::string& source) {
  if (source.find('/') != std::string::npos) {
    return fmt::format("-v {}: there is no `{}` here", text, source);
  }
  return fmt::format(
      "-v {0}: there is no `{1}` here, and strata keeps no named volumes; make a directory and "
      "give its path: -v ./{0}",
      text, source);
}

bool is_tmpfs_option(const std::string& option) {
  constexpr std::array<std::string_view, 10> kWords = {"ro",     "rw",  "exec",  "noexec",  "suid",
                                                       "nosuid", "dev", "nodev", "noatime", "sync"};
  constexpr std::array<std::string_view, 5> kValues = {
      "size=", "mode=", "uid=", "gid=", "nr_inodes="};
  const auto is_prefix = [&](std::string_view prefix) { return option.starts_with(prefix); };
  return std::find(kWords.begin(), kWords.end(), option) != kWords.end() ||
         std::any_of(kValues.begin(), kValues.end(), is_prefix);
}

}  // namespace

Result<backend::RunSpec::Bind> bind_of(const std::string& text) {
  const std::size_t first = text.find(':');
  if (first == std::string::npos) {
    return wrong(fmt::format(
        "-v {0}: not SOURCE:TARGET[:ro]; `--tmpfs {0}` gives a directory that is empty at the "
        "start",
        text));
  }
  const std::string source = text.substr(0, first);
  const std::size_t second = text.find(':', first + 1);
  backend::RunSpec::Bind bind{"", text.substr(first + 1, second - first - 1),
                              backend::RunSpec::Bind::Access::ReadWrite};
  for (const std::string& option : second == std::string::npos
                                       ? std::vector<std::string>{}
                                       : split(text.substr(second + 1), ',')) {
    constexpr std::array<std::string_view, 7> kKnown = {"ro",     "rw",        "z",         "Z",
                                                        "cached", "delegated", "consistent"};
    if (std::find(kKnown.begin(), kKnown.end(), option) == kKnown.end()) {
      return wrong(fmt::format("-v {}: unknown option `{}` (known: ro, rw)", text, option));
    }
    if (option == "ro") {
      bind.access = backend::RunSpec::Bind::Access::ReadOnly;
    }
  }
  if (!bind.target.starts_with('/')) {
    return wrong(fmt::format("-v {}: the target is not absolute", text));
  }
  struct stat status {};
  if (::stat(source.c_str(), &status) != 0) {
    return wrong(missing_source(text, source));
  }
  STRATA_ASSIGN(bind.source, backend::absolute_path(source));
  return bind;
}

Result<backend::RunSpec::Tmpfs> tmpfs_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  backend::RunSpec::Tmpfs tmpfs{text.substr(0, colon), {"rw", "noexec", "nosuid", "nodev"}};
  if (!tmpfs.target.starts_with('/')) {
    return wrong(fmt::format("--tmpfs {}: the target is not absolute", text));
  }
  if (colon != std::string::npos) {
    for (std::string& option : split(text.substr(colon + 1), ',')) {
      if (!is_tmpfs_option(option)) {
        return wrong(
            fmt::format("--tmpfs {}: unknown option `{}` (known: size=, mode=, uid=, "
                        "gid=, ro, exec, suid, dev)",
                        text, option));
      }
      tmpfs.options.push_back(std::move(option));
    }
  }
  return tmpfs;
}

Result<ir::Pairs> variables_of_text(const std::string& text, const std::string& path) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  ir::Pairs variables;
  int number = 0;
  for (std::string line : split(text.starts_with(kMark) ? text.substr(kMark.size()) : text, '\n')) {
    ++number;
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    line.erase(0, std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::size_t equals = line.find('=');
    const std::string name = line.substr(0, equals);
    if (name.empty() || name.find_first_of(kBlanks) != std::string::npos) {
      return wrong(
          fmt::format("--env-file {}: line {}: `{}` is no name of a variable", path, number, name));
    }
    if (equals != std::string::npos) {
      variables.emplace_back(name, line.substr(equals + 1));
    } else if (const char* value = std::getenv(name.c_str())) {
      variables.emplace_back(name, value);
    }
  }
  return variables;
}

Result<ir::Pairs> variables_of_file(const std::string& path) {
  auto text = backend::read_file(path);
  if (!text) {
    return wrong(fmt::format("--env-file {}", text.error().message));
  }
  return variables_of_text(*text, path);
}

}  // namespace strata::driver
