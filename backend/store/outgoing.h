#pragma once

#include <string>

#include "backend/store/store.h"
#include "backend/system/fd.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend {

// Bytes that leave the store are hashed on their way, whatever was noted of them: a disk may have
// changed a blob since it was verified.

// What was copied out of the store into `copy` (open for reading, named `name`), from its first
// byte. Error Corrupt: the blob is missing or damaged, and set aside.
[[nodiscard]] Result<void> check_copy(const Store& store, const Digest& digest, const Fd& copy,
                                      const std::string& name);

// The error of a blob that is missing or damaged.
[[nodiscard]] Error blob_error(const Digest& digest);

}  // namespace strata::backend
