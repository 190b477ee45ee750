// What may be used as a store, and what a store consists of.
#include "backend/store/claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "backend/system/fd.h"
#include "backend/system/file_lock.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kFormatPrefix = "strata store format ";
constexpr mode_t kOthersWrite = 0022;

constexpr std::array<const char*, 15> kDirectories{
    "blobs", "blobs/sha256", "steps",    "failed", "trees", "chains",     "layers",   "roots",
    "refs",  "keys",         "resolved", "locks",  "tmp",   "quarantine", "verified",
};

std::string format_line() { return fmt::format("{}{}\n", kFormatPrefix, kFormat); }

class Claim {
 public:
  explicit Claim(std::string path) : path_(std::move(path)) {}

  Result<std::string> run() {
    STRATA_TRY(open_top());
    STRATA_ASSIGN(Format format, read_format());
    if (format != Format::Known) {
      // Those who make a store take turns: one of them may be in the middle.
      STRATA_TRY(lock_file(top_, LOCK_EX, root_));
      STRATA_ASSIGN(format, read_format());
    }
    STRATA_TRY(check_directories());
    if (format != Format::Known) {
      STRATA_TRY(check_may_write_format(format));
    }
    STRATA_TRY(close_to_others(format));
    if (format != Format::Known) {
      STRATA_TRY(write_file_durably(root_ + "/format", format_line()));
    }
    STRATA_TRY(make_directories_in_it());
    return std::move(root_);
  }

  // The same questions, and no answer that changes anything.
  Result<void> check() {
    if (!exists(path_)) {
      return {};
    }
    STRATA_TRY(open_top());
    STRATA_ASSIGN(const Format format, read_format());
    STRATA_TRY(check_directories());
    if (format != Format::Known) {
      STRATA_TRY(check_may_write_format(format));
    }
    return check_closed_to_others(format);
  }

 private:
  enum class Format { Known, Missing, Damaged };

  [[nodiscard]] Error refusal(std::string_view why) const {
    return {ErrorCode::Machine, fmt::format("store `{}`: {}", path_, why)};
  }

  // For the owner of a store that lost this proof.
  [[nodiscard]] std::string advice() const {
    const std::string line = format_line();
    return fmt::format("if it is one, `echo {} >{}/format` says so",
                       line.substr(0, line.size() - 1), path_);
  }

  // Why `status` is no directory that only this user writes to; "" when it is one.
  [[nodiscard]] static std::string objection(const struct stat& status) {
    if (!S_ISDIR(status.st_mode)) {
      return S_ISLNK(status.st_mode) ? "is a link, not a directory" : "is not a directory";
    }
    if (status.st_uid != ::geteuid()) {
      return fmt::format(
          "belongs to user {}, this is user {}; a store is used by one user "
          "(STRATA_HOME names another place)",
          status.st_uid, ::geteuid());
    }
    return "";
  }

  Result<void> open_top() {
    while (path_.size() > 1 && path_.back() == '/') {
      path_.pop_back();
    }
    Result<void> made = make_directories(directory_of(path_));
    if (made && ::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST && !exists(path_)) {
      made = errno_error(path_, errno);
    }
    if (!made) {
      Error error = std::move(made).error().with_context("store");
      error.code = error.code == ErrorCode::NoSpace ? error.code : ErrorCode::Machine;
      return error;
    }
    STRATA_ASSIGN(root_, absolute_path(path_));
    top_ = Fd(::open(root_.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!top_.valid() || ::fstat(top_.get(), &top_status_) != 0) {
      return errno_error(path_, errno);
    }
    const std::string why = objection(top_status_);
    return why.empty() ? Result<void>() : Result<void>(refusal(why));
  }

  Result<Format> read_format() const {
    const std::string path = root_ + "/format";
    const Result<Fd> file = open_regular_file(path);
    if (!file && file.error().code == ErrorCode::NotFound) {
      return Format::Missing;
    }
    if (!file) {
      // Something else has this name, or it cannot be read: that proves nothing.
      return refusal(fmt::format("{}; {}", file.error().message, advice()));
    }
    struct stat status {};
    if (::fstat(file->get(), &status) != 0 || status.st_uid != ::geteuid()) {
      return refusal("its file `format` belongs to another user");
    }
    constexpr off_t kLongest = 4096;
    if (status.st_size > kLongest) {
      return refusal("its file `format` is not one of strata");
    }
    STRATA_ASSIGN(const std::string text, read_all(*file, path));
    return parse_format(text);
  }

  [[nodiscard]] Result<Format> parse_format(std::string_view text) const {
    int format = 0;
    if (text.starts_with(kFormatPrefix) && text.ends_with('\n')) {
      const char* const end = text.data() + text.size() - 1;
      const auto [rest, error] = std::from_chars(text.data() + kFormatPrefix.size(), end, format);
      format = error == std::errc() && rest == end ? format : 0;
    }
    if (format > kFormat) {
      return refusal(
          fmt::format("format {} is newer than this strata, which knows {}", format, kFormat));
    }
    return format == kFormat ? Format::Known : Format::Damaged;
  }

  // Those that are there. They may be missing: a death can come between any two.
  Result<void> check_directories() {
    for (const char* name : kDirectories) {
      struct stat status {};
      if (::fstatat(top_.get(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) {
          complete_ = false;
          continue;
        }
        return errno_error(root_ + "/" + name, errno);
      }
      std::string why = objection(status);
      if (why.empty() && (status.st_mode & kOthersWrite) != 0) {
        why = fmt::format("can be written to by others (mode {:04o})", status.st_mode & 07777U);
      }
      if (!why.empty()) {
        return refusal(fmt::format("`{}` in it {}", name, why));
      }
    }
    return {};
  }

  // An empty directory; one in which the writing of `format` was interrupted; or a whole store
  // whose `format` was damaged, which no other tool has made.
  Result<void> check_may_write_format(Format format) const {
    if (format == Format::Damaged) {
      return complete_ ? Result<void>()
                       : refusal("holds a file `format` that is not one of strata; " + advice());
    }
    STRATA_ASSIGN(const std::vector<std::string> names, list_directory(root_));
    for (const std::string& name : names) {
      if (!is_interrupted_format(name)) {
        return refusal(
            fmt::format("holds `{}` and no file `format`, so it is not taken for a strata "
                        "store; {}",
                        name, advice()));
      }
    }
    return {};
  }

  // A temporary file of write_file_durably, with the beginning of what it was to hold.
  [[nodiscard]] bool is_interrupted_format(const std::string& name) const {
    const std::string path = root_ + "/" + name;
    const Result<Fd> file =
        name.starts_with(".strata-") ? open_regular_file(path) : Result<Fd>(Error{});
    const Result<std::string> text = file ? read_all(*file, path) : Result<std::string>(Error{});
    return text && format_line().starts_with(*text);
  }

  // Layers hold files that only their owners may read, and records hold build arguments.
  [[nodiscard]] Result<void> check_closed_to_others(Format format) const {
    const mode_t mode = top_status_.st_mode & 07777U;
    if ((mode & kOthersWrite) != 0 && format != Format::Missing) {
      return refusal(
          fmt::format("can be written to by others (mode {:04o}); if you trust what is "
                      "in it, `chmod 700 {}`",
                      mode, path_));
    }
    return {};
  }

  Result<void> close_to_others(Format format) {
    STRATA_TRY(check_closed_to_others(format));
    const mode_t mode = top_status_.st_mode & 07777U;
    if (mode != 0700 && ::fchmod(top_.get(), 0700) != 0) {
      return errno_error(path_, errno);
    }
    if (mode != 0700 && format == Format::Missing) {
      // Nobody may have come between the look and the change.
      return check_may_write_format(format);
    }
    return {};
  }

  Result<void> make_directories_in_it() {
    for (const char* name : kDirectories) {
      if (::mkdirat(top_.get(), name, 0700) != 0 && errno != EEXIST) {
        return errno_error(root_ + "/" + name, errno);
      }
    }
    return {};
  }

  std::string path_;  // as the user gave it
  std::string root_;
  Fd top_;
  struct stat top_status_ {};
  bool complete_ = true;
};

}  // namespace

Result<std::string> claim_directory(const std::string& path) { return Claim(path).run(); }

Result<void> check_claimable(const std::string& path) { return Claim(path).check(); }

}  // namespace strata::backend
