#pragma once

#include <string>

#include "backend/layer/archive_reader.h"
#include "backend/layer/budget.h"
#include "backend/layer/layer.h"
#include "backend/layer/member_tree.h"

namespace strata::backend {

struct UnpackOptions {
  // "" reads only.
  std::string directory;
  // See ReadLayerOptions.
  OpenBelow open_below;
};

// Reads all members into `members`, within the budget, and unpacks the resulting tree into the
// directory. Ends at an interrupt.
[[nodiscard]] Result<MemberTree::Finished> unpack_members(ArchiveReader& reader,
                                                          MemberTree& members,
                                                          ArchiveBudget& budget,
                                                          const UnpackOptions& options);

}  // namespace strata::backend
