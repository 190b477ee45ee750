// Temporary files, the publish order and checked records: what makes the store safe against
// crashes.
#include "backend/store/store_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr std::size_t kMaxRecord = std::size_t{64} << 20;
constexpr std::size_t kDigestLine = 7 + 64 + 1;
// About 1 GB of trees at most.
constexpr std::size_t kMaxCachedEntries = 4'000'000;
constexpr std::time_t kDay = 86400;

// File systems without RENAME_NOREPLACE say EINVAL; a hard link does not replace either.
int rename_keeping(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL) {
    return errno;
  }
  if (::link(from.c_str(), to.c_str()) != 0) {
    return errno;
  }
  ::unlink(from.c_str());
  return 0;
}

int rename_as(Existing existing, const std::string& from, const std::string& to) {
  if (existing == Existing::Keep) {
    return rename_keeping(from, to);
  }
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

// Whether something that no store writes has the name of a file.
bool is_no_file(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

TempFile::~TempFile() {
  if (!path.empty()) {
    ::unlink(path.c_str());
  }
}

void touch_daily(const Fd& fd) {
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && std::time(nullptr) - status.st_mtime > kDay) {
    // A use that is not noted costs a rebuild after a gc, nothing else.
    (void)::futimens(fd.get(), nullptr);
  }
}

std::string StoreFiles::in(std::string_view directory, std::string_view name) const {
  std::string path;
  path.reserve(root.size() + directory.size() + name.size() + 2);
  return path.append(root).append("/").append(directory).append("/").append(name);
}

std::string StoreFiles::scratch_name(std::string_view purpose) const {
  return fmt::format("{}/{}-{}", scratch(), purpose, counter_.fetch_add(1));
}

Error StoreFiles::failure(std::string_view what, int error_number) const {
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return {ErrorCode::Machine,
            fmt::format("store `{}`: no space left on its file system; `strata gc` frees some, "
                        "`STRATA_HOME` names another place",
                        root)};
  }
  return errno_error(what, error_number);
}

Result<TempFile> StoreFiles::new_temp(std::string_view purpose) const {
  TempFile temp;
  temp.path = scratch_name(purpose);
  temp.fd = Fd(::open(temp.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!temp.fd.valid()) {
    const int error_number = errno;
    return failure(std::exchange(temp.path, {}), error_number);
  }
  return temp;
}

Result<void> StoreFiles::write(const Fd& fd, const void* data, std::size_t size) const {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd.get(), bytes, size);
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return failure(root, errno);
    }
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return {};
}

Result<bool> StoreFiles::publish(TempFile temp, const std::string& target,
                                 Existing existing) const {
  // Readable by other tools whatever the umask is, written by nobody.
  if (::fchmod(temp.fd.get(), 0444) != 0 || ::fdatasync(temp.fd.get()) != 0) {
    return failure(target, errno);
  }
  int error_number = rename_as(existing, temp.path, target);
  if (error_number != 0 && is_no_file(target)) {
    quarantine(target);
    error_number = rename_as(existing, temp.path, target);
  }
  if (error_number == EEXIST && existing == Existing::Keep) {
    return false;
  }
  if (error_number != 0) {
    return failure(target, error_number);
  }
  temp.path.clear();
  STRATA_TRY(sync_directory(directory_of(target)));
  return true;
}

Result<bool> StoreFiles::publish_text(std::string_view text, const std::string& target,
                                      Existing existing) const {
  STRATA_ASSIGN(TempFile temp, new_temp("text"));
  STRATA_TRY(write(temp.fd, text.data(), text.size()));
  return publish(std::move(temp), target, existing);
}

Result<void> StoreFiles::put_record(const std::string& path, std::string_view body) const {
  std::string rest(body);
  rest += '\n';
  STRATA_TRY(publish_text(Digest::of(rest).str() + "\n" + rest, path, Existing::Replace));
  return {};
}

Result<std::optional<std::string>> StoreFiles::read_record(const std::string& path, Use use) const {
  STRATA_ASSIGN(const std::optional<Opened> file, open_object(path));
  if (!file) {
    return std::optional<std::string>();
  }
  if (file->size > kMaxRecord) {
    quarantine(path);
    return std::optional<std::string>();
  }
  STRATA_ASSIGN(const std::string text, read_all(file->fd, path));
  const std::string_view rest =
      text.size() > kDigestLine ? std::string_view(text).substr(kDigestLine) : std::string_view();
  if (rest.empty() || rest.back() != '\n' || text[kDigestLine - 1] != '\n' ||
      Digest::parse(std::string_view(text).substr(0, kDigestLine - 1)) != Digest::of(rest)) {
    quarantine(path);
    return std::optional<std::string>();
  }
  if (use == Use::Noted) {
    touch_daily(file->fd);
  }
  return std::optional(std::string(rest.substr(0, rest.size() - 1)));
}

Result<std::optional<std::string>> StoreFiles::read_checked(const std::string& path,
                                                            const Digest& digest) const {
  STRATA_ASSIGN(const std::optional<Opened> file, open_object(path));
  if (!file) {
    return std::optional<std::string>();
  }
  STRATA_ASSIGN(std::string text, read_all(file->fd, path));
  if (Digest::of(text) != digest) {
    quarantine(path);
    return std::optional<std::string>();
  }
  return std::optional(std::move(text));
}

std::optional<std::string> StoreFiles::record(const std::string& path, Use use) const {
  Result<std::optional<std::string>> body = read_record(path, use);
  return body ? *std::move(body) : std::nullopt;
}

std::optional<std::string> StoreFiles::checked_file(const std::string& path,
                                                    const Digest& digest) const {
  Result<std::optional<std::string>> text = read_checked(path, digest);
  return text ? *std::move(text) : std::nullopt;
}

Result<std::optional<StoreFiles::Opened>> StoreFiles::open_object(const std::string& path) const {
  Result<Fd> fd = open_regular_file(path);
  if (!fd) {
    if (fd.error().code == ErrorCode::Corrupt) {
      quarantine(path);
    } else if (fd.error().code != ErrorCode::NotFound) {
      return std::move(fd).error();
    }
    return std::optional<Opened>();
  }
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) {
    return errno_error(path, errno);
  }
  return std::optional(Opened{*std::move(fd), static_cast<std::uint64_t>(status.st_size)});
}

void StoreFiles::quarantine(const std::string& path) const {
  const std::string name = path.substr(root.size() + 1);
  const std::string target =
      in("quarantine", quarantined_name(name, build_id, counter_.fetch_add(1)));
  // Where even this fails the object stays, and every reader finds it damaged again.
  (void)std::rename(path.c_str(), target.c_str());
}

std::shared_ptr<const Tree> StoreFiles::cached_tree(const Digest& digest) const {
  const std::lock_guard guard(trees_mutex_);
  const auto found = trees_.find(digest);
  return found == trees_.end() ? nullptr : found->second;
}

void StoreFiles::cache_tree(const Digest& digest, std::shared_ptr<const Tree> tree) const {
  const std::lock_guard guard(trees_mutex_);
  cached_entries_ += tree->entries.size();
  if (cached_entries_ > kMaxCachedEntries) {
    trees_.clear();
    cached_entries_ = tree->entries.size();
  }
  trees_.insert_or_assign(digest, std::move(tree));
}

void StoreFiles::forget_trees() const {
  const std::lock_guard guard(trees_mutex_);
  trees_.clear();
  cached_entries_ = 0;
}

std::shared_ptr<Store::StagedRoot::State> StoreFiles::staged(const Digest& tree) const {
  const std::lock_guard guard(roots_mutex_);
  const auto found = staged_roots_.find(tree);
  return found == staged_roots_.end() ? nullptr : found->second.lock();
}

void StoreFiles::stage(const Digest& tree,
                       const std::shared_ptr<Store::StagedRoot::State>& state) const {
  const std::lock_guard guard(roots_mutex_);
  staged_roots_.insert_or_assign(tree, state);
}

void StoreFiles::unstage(const Digest& tree) const {
  const std::lock_guard guard(roots_mutex_);
  staged_roots_.erase(tree);
}

bool StoreFiles::is_checked(const Digest& tree) const {
  const std::lock_guard guard(roots_mutex_);
  return checked_roots_.count(tree) != 0;
}

void StoreFiles::note_checked(const Digest& tree) const {
  const std::lock_guard guard(roots_mutex_);
  checked_roots_.insert(tree);
}

}  // namespace strata::backend
