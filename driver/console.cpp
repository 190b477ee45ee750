// Standard output and standard error; nothing else of the driver writes to them.
#include "driver/console.h"

#include <unistd.h>

#include <mutex>
#include <optional>
#include <string>

#include "backend/system/standard_output.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

// What is beyond is written before the end.
constexpr std::size_t kHeld = std::size_t{1} << 16;

struct Answers {
  std::mutex mutex;
  std::string held;
  std::optional<Error> failure;

  void write() {
    if (!failure && !held.empty()) {
      if (Result<void> written = backend::write_standard_output(held); !written) {
        failure = std::move(written).error();
      }
    }
    held.clear();
  }
};

Answers& answers() {
  static Answers all;
  return all;
}

}  // namespace

void answer(std::string_view text) {
  static const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  Answers& all = answers();
  const std::lock_guard lock(all.mutex);
  all.held += terminal ? printable_lines(text) : text;
  if (all.held.size() >= kHeld) {
    all.write();
  }
}

Result<void> finish_answer() {
  Answers& all = answers();
  const std::lock_guard lock(all.mutex);
  all.write();
  return all.failure ? Result<void>(*all.failure) : backend::finish_standard_output();
}

void remark(std::string_view text) { draw(printable_lines(text)); }

void emit(std::string_view json) {
  static const bool terminal = ::isatty(STDERR_FILENO) != 0;
  draw(terminal ? std::string_view(printable_lines(json)) : json);
}

void draw(std::string_view text) {
  {
    // What was answered before stands before it where both go to one place.
    Answers& all = answers();
    const std::lock_guard lock(all.mutex);
    all.write();
  }
  backend::write_standard_error(text);
}

}  // namespace strata::driver
