// The last look at bytes that leave the store.
#include "backend/store/outgoing.h"

#include <unistd.h>

#include <cerrno>

#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {

Result<void> check_copy(const Store& store, const Digest& digest, const Fd& copy,
                        const std::string& name) {
  if (::lseek(copy.get(), 0, SEEK_SET) < 0) {
    return errno_error(name, errno);
  }
  STRATA_ASSIGN(const Digest actual, hash_file(copy, name));
  if (actual == digest) {
    return {};
  }
  STRATA_ASSIGN(const bool is_right, store.rehash_blob(digest));
  return is_right ? Error{ErrorCode::Io, name + ": its bytes are not those that were written"}
                  : blob_error(digest);
}

Error blob_error(const Digest& digest) {
  return {ErrorCode::Corrupt, "blob " + digest.str() + ": is missing or damaged in the store"};
}

}  // namespace strata::backend
