// OutputFile: what kind of file a destination is decides once, when it is opened.
#include "backend/system/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/system/standard_output.h"
#include "backend/system/wait_ready.h"

namespace strata::backend {
namespace {

bool is_standard_output(const struct stat& info) {
  struct stat out {};
  return ::fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == info.st_dev &&
         out.st_ino == info.st_ino;
}

// Without O_NONBLOCK a pipe would wait for its reader where no wish to stop is heard.
Result<Fd> open_special(const std::string& dest, mode_t mode) {
  for (;;) {
    Fd fd(::open(dest.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (fd.valid()) {
      return fd;
    }
    if (errno != ENXIO || !S_ISFIFO(mode)) {
      return errno_error(dest, errno);
    }
    STRATA_TRY(pause_briefly());
  }
}

// Reads both to the end, or to the first difference.
Result<bool> same_bytes(const Fd& a, const Fd& b, const std::string& name) {
  struct stat first {};
  struct stat second {};
  if (::fstat(a.get(), &first) != 0 || ::fstat(b.get(), &second) != 0 ||
      first.st_size != second.st_size || !S_ISREG(second.st_mode)) {
    return false;
  }
  constexpr std::size_t kBuffer = std::size_t{1} << 20;
  std::vector<char> left(kBuffer);
  std::vector<char> right(kBuffer);
  for (off_t offset = 0; offset < first.st_size;) {
    STRATA_TRY(check_interrupted());
    const ssize_t size = ::pread(a.get(), left.data(), kBuffer, offset);
    if (size <= 0) {
      return errno_error(name, errno);
    }
    const auto length = static_cast<std::size_t>(size);
    // What cannot be read is not the same, and is replaced.
    if (::pread(b.get(), right.data(), length, offset) != size ||
        std::string_view(left.data(), length) != std::string_view(right.data(), length)) {
      return false;
    }
    offset += size;
  }
  return true;
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& dest) {
  OutputFile output(dest);
  if (dest == "-") {
    return output;
  }
  struct stat info {};
  const bool is_there = ::stat(dest.c_str(), &info) == 0;
  if (is_there && S_ISDIR(info.st_mode)) {
    return Error{ErrorCode::Input, fmt::format("`{}` is a directory, not a file", dest)};
  }
  if (is_there && is_standard_output(info)) {
    return output;
  }
  if (is_there && !S_ISREG(info.st_mode)) {
    STRATA_ASSIGN(output.special_, open_special(dest, info.st_mode));
    return output;
  }
  std::string target = dest;
  if (is_there) {
    STRATA_ASSIGN(target, absolute_path(dest));
  }
  Result<TemporaryFile> beside = TemporaryFile::beside(target, 0666);
  if (!beside) {
    return std::move(beside).error();
  }
  output.beside_.emplace(*std::move(beside));
  return output;
}

Result<void> OutputFile::check(const std::string& dest) {
  struct stat info {};
  if (dest != "-" && ::stat(dest.c_str(), &info) == 0 && !S_ISREG(info.st_mode) &&
      !S_ISDIR(info.st_mode) && !is_standard_output(info)) {
    return ::faccessat(AT_FDCWD, dest.c_str(), W_OK, AT_EACCESS) == 0
               ? Result<void>()
               : Result<void>(errno_error(dest, errno));
  }
  STRATA_ASSIGN([[maybe_unused]] const OutputFile output, open(dest));
  return {};
}

Result<void> OutputFile::write(std::string_view bytes) {
  if (beside_) {
    return write_interruptibly(beside_->fd().get(), bytes, dest_);
  }
  return special_ ? write_interruptibly(special_->get(), bytes, dest_)
                  : write_standard_output(bytes);
}

Result<void> OutputFile::finish(SameBytes same) {
  if (!beside_) {
    return {};
  }
  STRATA_TRY(check_interrupted());
  if (same == SameBytes::Keep) {
    const Fd existing(::open(dest_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    STRATA_ASSIGN(const bool is_same, existing.valid() ? same_bytes(beside_->fd(), existing, dest_)
                                                       : Result<bool>(false));
    if (is_same) {
      return {};
    }
  }
  return beside_->put();
}

}  // namespace strata::backend
