#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend {

// A pipe whose reading end a thread drains: every piece goes to a callback, and the last of it is
// kept.
class OutputPipe {
 public:
  using Callback = std::function<void(std::string_view)>;
  static Result<std::unique_ptr<OutputPipe>> open(Callback on_output);
  ~OutputPipe();

  // For the process; stays open until finish().
  [[nodiscard]] const Fd& write_end() const { return write_end_; }
  // Closes the writing end and reads what is in the pipe: call it when the process has ended. Does
  // not wait for the end of the pipe, which others may keep open. The last 64 KiB at most.
  std::string finish();

 private:
  explicit OutputPipe(Callback on_output) : on_output_(std::move(on_output)) {}
  std::optional<std::size_t> take();
  void drain();

  Callback on_output_;
  Fd read_end_;
  Fd write_end_;
  // Wakes the reader at the end.
  Fd ended_;
  std::string tail_;
  std::thread reader_;
};

}  // namespace strata::backend
