#pragma once

#include <string>
#include <vector>

#include "backend/store/store.h"
#include "ir/module.h"

namespace strata::driver {

// How `strata run` starts an image beyond its config: mounts of local files, which are part of no
// key. Kept in the store's runspecs/ by manifest digest, the last build's; sources are relative to
// `context`.
struct RunSpecFile {
  std::string context;
  std::vector<ir::RunMount> mounts;
};

// Writes nothing, and removes an earlier one, when there are no mounts.
Result<void> write_run_spec(const backend::Store& store, const Digest& manifest,
                            const RunSpecFile& spec);
[[nodiscard]] Result<RunSpecFile> read_run_spec(const backend::Store& store,
                                                const Digest& manifest);

}  // namespace strata::driver
