#pragma once

#include <sys/types.h>

#include <string>

#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend {

// A new file in the directory that another will be put in. It has no name until put() where the
// file system can do that (O_TMPFILE), so that not even a killed process leaves it behind; else its
// name begins with `.strata-`, and the destructor removes it.
class TemporaryFile {
 public:
  // `path` is what it will become; errors name that. Its mode is `mode` less the umask.
  static Result<TemporaryFile> beside(const std::string& path, mode_t mode);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&&) noexcept = default;
  TemporaryFile& operator=(TemporaryFile&&) = delete;

  [[nodiscard]] const Fd& fd() const { return fd_; }
  // Gives it its name, over what has that now. Nothing is synced.
  Result<void> put();

 private:
  TemporaryFile(std::string path, Fd fd, std::string name);

  std::string path_;
  Fd fd_;
  // Empty: it has none.
  std::string name_;
};

}  // namespace strata::backend
