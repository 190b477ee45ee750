// What a source names below a context: symlinks followed inside it, wildcards expanded.
#include "backend/context/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "ir/base/path.h"
#include "ir/path_pattern.h"

namespace strata::backend {
namespace {

Error outside(const std::string& path, const std::string& link, const std::string& target) {
  return Error{ErrorCode::Outside, "`" + path + "`: the symbolic link `" + link + "` points to `" +
                                       target + "`, outside the context"};
}

// A walk along one path: `current` is a directory without symlinks, `pending` what comes next,
// backwards.
class Resolution {
 public:
  Resolution(int root, std::string path) : root_(root), path_(std::move(path)) { push(path_); }

  Result<ResolvedSource> run() {
    ResolvedSource result{"", true};
    while (!pending_.empty()) {
      const std::string name = std::move(pending_.back());
      pending_.pop_back();
      if (name == ".") {
        continue;
      }
      if (name == "..") {
        if (result.path.empty()) {
          return outside(path_, last_link_, last_target_);
        }
        result = {std::string(parent_of(result.path)), true};
        continue;
      }
      STRATA_TRY(step(result, name));
    }
    return result;
  }

 private:
  void push(const std::string& path) {
    std::vector<std::string> names = path_components(path);
    pending_.insert(pending_.end(), names.rbegin(), names.rend());
  }

  Result<void> step(ResolvedSource& result, const std::string& name) {
    const Fd directory = open_beneath(root_, result.path, O_PATH | O_DIRECTORY);
    struct stat info {};
    if (!directory.valid() ||
        ::fstatat(directory.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) {
        return Error{ErrorCode::NotFound, "`" + path_ + "` is not in the context"};
      }
      return errno_error(join_path(result.path, name), errno);
    }
    std::string next = join_path(result.path, name);
    if (!S_ISLNK(info.st_mode)) {
      result = {std::move(next), S_ISDIR(info.st_mode)};
      return {};
    }
    constexpr int kMaxLinks = 40;
    if (++links_ > kMaxLinks) {
      return Error{ErrorCode::Input, "`" + path_ + "`: more than 40 symbolic links on the way"};
    }
    std::array<char, 4097> target{};
    const ssize_t size =
        ::readlinkat(directory.get(), name.c_str(), target.data(), target.size() - 1);
    if (size < 0) {
      return errno_error(next, errno);
    }
    last_link_ = std::move(next);
    last_target_ = std::string(target.data(), static_cast<std::size_t>(size));
    if (last_target_.substr(0, 1) == "/") {
      return outside(path_, last_link_, last_target_);
    }
    push(last_target_);
    return {};
  }

  int root_;
  std::string path_;
  std::vector<std::string> pending_;
  std::string last_link_;
  std::string last_target_;
  int links_ = 0;
};

// The matches of one component in `directory`, added to `out`.
Result<void> match_component(int root, const std::string& directory, const std::string& pattern,
                             std::vector<std::string>& out) {
  const Result<ResolvedSource> real = resolve_source(root, directory);
  if (!real || !real->is_directory) {
    return {};
  }
  const Fd fd = open_beneath(root, real->path, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) {
    return errno_error(real->path.empty() ? "." : real->path, errno);
  }
  STRATA_ASSIGN(const std::vector<std::string> names, names_in(fd, real->path));
  for (const std::string& name : names) {
    STRATA_ASSIGN(const bool matches, ir::match_pattern(pattern, name));
    if (matches) {
      out.push_back(join_path(directory, name));
    }
  }
  return {};
}

}  // namespace

Result<ResolvedSource> resolve_source(int root, const std::string& path) {
  return Resolution(root, path).run();
}

Result<std::vector<std::string>> match_source(int root, const std::string& pattern) {
  std::vector<std::string> matches{""};
  for (const std::string& component : path_components(pattern)) {
    // A malformed component is an error even where no directory is left to look in.
    STRATA_TRY(ir::match_pattern(component, ""));
    std::vector<std::string> next;
    for (const std::string& directory : matches) {
      STRATA_TRY(match_component(root, directory, component, next));
    }
    matches = std::move(next);
  }
  std::sort(matches.begin(), matches.end());
  return matches;
}

}  // namespace strata::backend
