#pragma once

#include <cstdint>
#include <string>

#include "backend/layer/archive_reader.h"
#include "backend/layer/layer.h"
#include "backend/layer/member_tree.h"

namespace strata::backend {

struct UnpackOptions {
  // "" reads only.
  std::string directory;
  // No more than this many bytes of files, holes included.
  std::uint64_t max_bytes = 0;
  // See ReadLayerOptions.
  OpenBelow open_below;
};

// Reads all members into `members`, and unpacks the resulting tree into the directory.
[[nodiscard]] Result<MemberTree::Finished> unpack_members(ArchiveReader& reader,
                                                          MemberTree& members,
                                                          const UnpackOptions& options);

}  // namespace strata::backend
