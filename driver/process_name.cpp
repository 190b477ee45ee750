// Names of running processes are locks of the store.
#include "driver/process_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace strata::driver {
namespace {

// docker's: [a-zA-Z0-9][a-zA-Z0-9_.-]+
bool is_name(const std::string& text) {
  const auto is_plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return text.size() > 1 && is_plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_plain(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace

Result<backend::Fd> take_name(backend::Store& store, const std::string& name) {
  if (!is_name(name)) {
    return Error{ErrorCode::Input,
                 fmt::format("--name {}: a name has two and more letters, digits, `_`, `.` and "
                             "`-`, and begins with a letter or digit",
                             name)};
  }
  int holder = 0;
  STRATA_ASSIGN(auto lock, store.try_lock("run-" + name, holder));
  if (!lock) {
    return Error{
        ErrorCode::Input,
        fmt::format("--name {}: a process runs under that name; `kill {}` ends it", name, holder)};
  }
  return *std::move(lock);
}

}  // namespace strata::driver
