// Content: bytes of a tree's files on disk, in memory, or under other names.
#include "backend/tree/content.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "backend/system/beneath.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

class DirectoryContent final : public Content {
 public:
  DirectoryContent(std::string directory, Fd root)
      : directory_(std::move(directory)), root_(std::move(root)) {}

  [[nodiscard]] Result<Fd> open(const std::string& path) const override {
    // O_NONBLOCK: the path may have become a FIFO, which would block for ever.
    Fd fd = open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd.valid()) {
      return errno_error(directory_ + "/" + path, errno);
    }
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) {
      return errno_error(directory_ + "/" + path, errno);
    }
    if (!S_ISREG(info.st_mode)) {
      return Error{ErrorCode::Corrupt, directory_ + "/" + path + ": is no regular file any more"};
    }
    return fd;
  }

 private:
  std::string directory_;
  Fd root_;
};

class MemoryContent final : public Content {
 public:
  explicit MemoryContent(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  [[nodiscard]] Result<Fd> open(const std::string& path) const override {
    const auto found = files_.find(path);
    if (found == files_.end()) {
      return Error{ErrorCode::NotFound, path + ": has no content"};
    }
    Fd fd(::memfd_create("strata", MFD_CLOEXEC));
    if (!fd.valid()) {
      return errno_error(path, errno);
    }
    STRATA_TRY(write_all(fd, found->second, path));
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) {
      return errno_error(path, errno);
    }
    return fd;
  }

 private:
  std::map<std::string, std::string> files_;
};

class MappedContent final : public Content {
 public:
  explicit MappedContent(std::map<std::string, ContentRef> files) : files_(std::move(files)) {}

  [[nodiscard]] Result<Fd> open(const std::string& path) const override {
    const auto found = files_.find(path);
    if (found == files_.end()) {
      return Error{ErrorCode::NotFound, path + ": has no content"};
    }
    return found->second.content->open(found->second.path);
  }

 private:
  std::map<std::string, ContentRef> files_;
};

}  // namespace

Result<std::shared_ptr<const Content>> directory_content(const std::string& directory) {
  Fd root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    return errno_error(directory, errno);
  }
  return std::shared_ptr<const Content>(
      std::make_shared<DirectoryContent>(directory, std::move(root)));
}

std::shared_ptr<const Content> memory_content(std::map<std::string, std::string> files) {
  return std::make_shared<MemoryContent>(std::move(files));
}

std::shared_ptr<const Content> mapped_content(std::map<std::string, ContentRef> files) {
  return std::make_shared<MappedContent>(std::move(files));
}

}  // namespace strata::backend
