#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/execute/executor.h"
#include "backend/store/process_start.h"
#include "backend/store/store.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/base/result.h"

namespace strata::backend {

// A root as a process gets it.
struct ProcessRoot {
  // Unpacked, bottom first, without empty trees.
  std::vector<std::string> lowers;
  RootView view;
  std::shared_ptr<const Content> content;
};

// The root that these diff trees make, bottom first, unpacked from what the store has. `store` must
// outlive it. Errors: Corrupt (a tree is not in the store), and those of `oci::ensure_root`.
[[nodiscard]] Result<ProcessRoot> stored_root(Store& store, const std::vector<Digest>& trees);

// What the executor is asked for: the user looked up in the root, the mounts' files laid out in
// `scratch`, a directory of Store::new_scratch(). The one way from a start to a process, so that a
// step which is looked into is the step that was run. Error (Input): no such user or group.
[[nodiscard]] Result<RunSpec> run_spec_of(const ProcessStart& start, const ProcessRoot& root,
                                          const std::string& scratch);

// Whether the root has a /bin/sh, links followed.
[[nodiscard]] bool has_shell(const RootView& root);

}  // namespace strata::backend
