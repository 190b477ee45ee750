// The look at an unpacked root that tells whether anybody has changed it.
#include "backend/store/root_marker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <set>
#include <vector>

#include "backend/system/beneath.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {
namespace {

std::uint64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

class RootWalk {
 public:
  explicit RootWalk(const std::string& directory) : directory_(&directory) {}

  Result<RootMarker> run() {
    root_ = Fd(::open(directory_->c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!root_.valid() || ::fstat(root_.get(), &status) != 0) {
      return errno_error(*directory_, errno);
    }
    add("", status);
    pending_.emplace_back();
    while (!pending_.empty()) {
      const std::string next = std::move(pending_.back());
      pending_.pop_back();
      STRATA_TRY(check_interrupted());
      STRATA_TRY(read_directory(next));
    }
    marker_.files = hasher_.finish();
    return marker_;
  }

 private:
  Result<void> read_directory(const std::string& path) {
    const Fd fd = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!fd.valid() && errno == EACCES) {
      // Its mode hides what is in it from this user, and from every process that may run on it.
      return {};
    }
    if (!fd.valid()) {
      return errno_error(*directory_ + "/" + path, errno);
    }
    STRATA_ASSIGN(std::vector<std::string> names, names_in(fd, *directory_ + "/" + path));
    std::sort(names.begin(), names.end());
    const std::string prefix = path.empty() ? "" : path + "/";
    for (const std::string& name : names) {
      struct stat status {};
      if (::fstatat(fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno_error(std::string(*directory_).append("/").append(prefix).append(name), errno);
      }
      add(name, status);
      if (S_ISDIR(status.st_mode)) {
        pending_.push_back(std::string(prefix).append(name));
      }
    }
    // Where the names of one directory end.
    text_.push_back('\0');
    hasher_.update(text_);
    text_.clear();
    return {};
  }

  void add(const std::string& name, const struct stat& status) {
    const std::array<std::uint64_t, 8> numbers{status.st_mode,
                                               status.st_uid,
                                               status.st_gid,
                                               static_cast<std::uint64_t>(status.st_size),
                                               nanoseconds(status.st_mtim),
                                               nanoseconds(status.st_ctim),
                                               status.st_rdev,
                                               status.st_ino};
    text_.append(name).push_back('\0');
    text_.append(reinterpret_cast<const char*>(numbers.data()), sizeof numbers);
    if (S_ISREG(status.st_mode) && (status.st_nlink == 1 || linked_.insert(status.st_ino).second)) {
      marker_.bytes += static_cast<std::uint64_t>(status.st_size);
    }
  }

  const std::string* directory_;
  Fd root_;
  std::vector<std::string> pending_;
  std::string text_;
  std::set<ino_t> linked_;
  Sha256 hasher_;
  RootMarker marker_;
};

}  // namespace

Result<RootMarker> look_at_root(const std::string& directory) { return RootWalk(directory).run(); }

std::string print_root_marker(const RootMarker& marker) {
  return fmt::format("{} {}", marker.bytes, marker.files.str());
}

std::optional<RootMarker> parse_root_marker(std::string_view body) {
  const std::size_t space = body.find(' ');
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  RootMarker marker;
  const char* const end = body.data() + space;
  const auto [rest, error] = std::from_chars(body.data(), end, marker.bytes);
  const std::optional<Digest> files = Digest::parse(body.substr(space + 1));
  if (error != std::errc() || rest != end || !files) {
    return std::nullopt;
  }
  marker.files = *files;
  return marker;
}

}  // namespace strata::backend
