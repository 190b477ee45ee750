#pragma once

#include <functional>
#include <string>

#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::backend {

// flock(2) on `fd`; `operation` is LOCK_SH or LOCK_EX. Waits as long as another holds it, and calls
// `on_wait` once when that takes more than a second. `name` is for messages. Error Interrupted when
// the user asks for an end while it waits; a lock that is free is taken even then, so that what
// cleans up can have it. A failed upgrade from LOCK_SH leaves no lock, as flock(2) has it.
[[nodiscard]] Result<void> lock_file(const Fd& fd, int operation, const std::string& name,
                                     const std::function<void()>& on_wait = {});

// Whether `fd` is what stands at `path`: a lock on a file that was removed or replaced meanwhile
// excludes nobody.
[[nodiscard]] bool is_file_at(const Fd& fd, const std::string& path);

}  // namespace strata::backend
