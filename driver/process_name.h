#pragma once

#include <string>

#include "backend/store/store.h"
#include "backend/system/fd.h"
#include "ir/base/result.h"

namespace strata::driver {

// Takes `run --name` for as long as the descriptor is held; the kernel gives it back however the
// holder ends. Error Input: no name as docker has them, or a process of this store has it; its
// process id is said.
[[nodiscard]] Result<backend::Fd> take_name(backend::Store& store, const std::string& name);

}  // namespace strata::driver
