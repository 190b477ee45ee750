#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/system/temporary_file.h"
#include "ir/base/result.h"

namespace strata::backend {

// A file that the user named for something to be written to. A regular file, or one that is not
// there, is put in place whole by finish(), and untouched if that is not reached. `-`, and what
// standard output goes to, is standard output; a pipe or a device is written to, never replaced;
// a symlink is followed.
class OutputFile {
 public:
  // Errors: Input for a directory. Waits for a reader of a pipe.
  static Result<OutputFile> open(const std::string& dest);

  // What open() and put in place would fail at, as far as it can be known before there is anything
  // to write: leaves nothing, and waits for no reader.
  [[nodiscard]] static Result<void> check(const std::string& dest);

  // Error Interrupted at a wish to stop.
  Result<void> write(std::string_view bytes);

  // Keep leaves a file that holds these bytes already as it is, times included.
  enum class SameBytes { Keep, Replace };
  Result<void> finish(SameBytes same);

 private:
  explicit OutputFile(std::string dest) : dest_(std::move(dest)) {}

  std::string dest_;
  // Where neither is set, standard output.
  std::optional<TemporaryFile> beside_;
  std::optional<Fd> special_;
};

}  // namespace strata::backend
