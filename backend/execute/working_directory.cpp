// Where a process starts, checked before a runtime changes into it.
#include "backend/execute/working_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "backend/system/open_resolved.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
  return path == directory || (path.size() > directory.size() && path.starts_with(directory) &&
                               (directory == "/" || path[directory.size()] == '/'));
}

Error unusable(const std::string& cwd, std::string_view why) {
  return {ErrorCode::Input, fmt::format("working directory `{}` {}", cwd, why)};
}

// The one that `path` is in, nullptr when in none.
const RunSpec::Bind* bind_of(const std::string& path, const std::vector<RunSpec::Bind>& binds) {
  const RunSpec::Bind* innermost = nullptr;
  for (const RunSpec::Bind& bind : binds) {
    if (is_below(path, bind.target) &&
        (innermost == nullptr || innermost->target.size() <= bind.target.size())) {
      innermost = &bind;
    }
  }
  return innermost;
}

// What is mounted there is not in the root; so its links must stay inside it.
Result<void> check_in_bind(const std::string& cwd, const RunSpec::Bind& bind) {
  const Fd source(::open(bind.source.c_str(), O_PATH | O_CLOEXEC));
  std::string rest = cwd.substr(std::min(bind.target.size(), cwd.size()));
  rest.erase(0, std::min(rest.find_first_not_of('/'), rest.size()));
  const Fd opened = open_resolved(source, rest, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  const int number = errno;
  if (!opened.valid() && (number == EXDEV || number == ELOOP)) {
    return unusable(cwd, "leads out of the mount that it is in");
  }
  return {};
}

// In /dev the runtime makes links to descriptors (fd, stdin, stdout, stderr) and to terminals;
// these directories have none.
bool is_plain_in_dev(std::string_view path) {
  constexpr std::array<std::string_view, 3> kDirectories = {"/dev/mqueue", "/dev/pts", "/dev/shm"};
  return path == "/dev" ||
         std::any_of(kDirectories.begin(), kDirectories.end(),
                     [&](std::string_view directory) { return is_below(path, directory); });
}

}  // namespace

bool is_covered_by_the_runtime(std::string_view path) {
  return is_below(path, "/proc") || is_below(path, "/sys") || is_below(path, "/dev");
}

Result<std::string> usable_working_directory(const std::string& cwd,
                                             const std::vector<RunSpec::Bind>& binds,
                                             Stubs& stubs) {
  if (cwd.empty()) {
    return std::string("/");
  }
  if (cwd.front() != '/') {
    return unusable(cwd, "is not absolute");
  }
  std::string path;
  for (const std::string& name : path_components(cwd)) {
    if (name == "..") {
      return unusable(cwd, "cannot be used: it has `..`");
    }
    path += name == "." ? "" : "/" + name;
  }
  path = path.empty() ? "/" : path;
  if (bind_of(path, binds) == nullptr && !is_covered_by_the_runtime(path)) {
    STRATA_ASSIGN(path, stubs.ensure(path, Stubs::Kind::Directory, Stubs::Final::Follow));
  }
  if (is_below(path, "/proc")) {
    return unusable(cwd, "cannot be used: it is in /proc");
  }
  if (const RunSpec::Bind* bind = bind_of(path, binds)) {
    STRATA_TRY(check_in_bind(path, *bind));
  } else if (is_below(path, "/dev") && !is_plain_in_dev(path)) {
    return unusable(cwd, "cannot be used: in /dev it may lead to a descriptor of the runtime");
  }
  return path;
}

}  // namespace strata::backend
