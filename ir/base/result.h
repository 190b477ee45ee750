#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "ir/base/check.h"

namespace strata {

// What kind of thing in the world failed. The driver maps it to an exit code; nothing else branches
// on the text of a message.
enum class ErrorCode {
  // The input is wrong, but was noticed where no diagnostic emitter is at hand (exit 2).
  Input,
  // A path of the input that leaves the directory which it must stay in (exit 2).
  Outside,
  // A file, blob, reference or step result that is not there (exit 2 for input files, a miss for
  // the store).
  NotFound,
  // A lock file that is missing or stale under --locked (exit 3).
  Lock,
  // A build step's command failed (exit 4).
  Step,
  // Network or registry failure, a wrong digest from a registry included (exit 5).
  Network,
  // This machine cannot: no runtime, no space, no permission, unusable file system (exit 7).
  Machine,
  // An I/O error that is none of the above (exit 7).
  Io,
  // Bytes in the store that are not what their digest says. A reader treats it as a miss.
  Corrupt,
  // Interrupted by the user (exit 130).
  Interrupted,
  // No space, quota or inode is left (exit 7).
  NoSpace,
  // Standard output does not take what was asked for (exit 1).
  Output,
};

// A failure of the world: I/O, registry, child process. Wrong input is a Diagnostic, our own bug a
// STRATA_CHECK.
struct Error {
  ErrorCode code = ErrorCode::Io;
  // Lower case, no full stop; names the object (path, reference, digest) first.
  std::string message;

  // The same error with `context: ` put before its message.
  [[nodiscard]] Error with_context(std::string_view context) && {
    message.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }
};

// A value or an Error (std::expected is C++23). Converts implicitly from both, so functions say
// `return value;` and `return Error{…};`.
template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): implicit by design
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& {
    STRATA_CHECK(!ok(), "error() of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error error() && {
    STRATA_CHECK(!ok(), "error() of a Result that holds a value");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  T& value() {
    STRATA_CHECK(ok(), "value of a Result that holds an error");
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    STRATA_CHECK(ok(), "value of a Result that holds an error");
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

// Success without a value: `return {};`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): implicit by design
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] const Error& error() const& {
    STRATA_CHECK(!ok(), "error() of a Result that holds a value");
    return *error_;
  }
  [[nodiscard]] Error error() && {
    STRATA_CHECK(!ok(), "error() of a Result that holds a value");
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace strata

// `lhs` declares a variable, so it cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define STRATA_RESULT_JOIN_(a, b) a##b
#define STRATA_RESULT_NAME_(a, b) STRATA_RESULT_JOIN_(a, b)

// Returns the error of `expression` (a Result) from the enclosing function, if it has one.
#define STRATA_TRY(expression)                                       \
  do {                                                               \
    if (auto strata_try_result = (expression); !strata_try_result) { \
      return std::move(strata_try_result).error();                   \
    }                                                                \
  } while (false)

// `STRATA_ASSIGN(auto x, f());` declares or assigns x from a Result, or returns its error.
#define STRATA_ASSIGN(lhs, expression) \
  STRATA_ASSIGN_IMPL_(STRATA_RESULT_NAME_(strata_result_, __LINE__), lhs, expression)
#define STRATA_ASSIGN_IMPL_(name, lhs, expression)                             \
  auto name = (expression); /* NOLINT(bugprone-macro-parentheses): declared */ \
  if (!name) {              /* NOLINT(bugprone-macro-parentheses) */           \
    return std::move(name).error();                                            \
  }                                                                            \
  lhs = *std::move(name) /* NOLINT(bugprone-macro-parentheses) */
// NOLINTEND(bugprone-macro-parentheses)
