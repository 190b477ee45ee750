#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/base/result.h"

namespace strata::backend {

// The directories of one overlay in a scratch directory.
struct OverlayPaths {
  std::string upper;
  std::string work;
  std::string root;
};
[[nodiscard]] OverlayPaths overlay_paths(const std::string& scratch);

// Makes the directories of `scratch`, and mounts an overlay of `lowers` (bottom first, any number
// up to the kernel's 500, repeated ones too) at its `root`. `/` gets the attributes that the top
// lower has. Error Machine when the kernel or the file system cannot.
[[nodiscard]] Result<void> mount_overlay(const std::vector<std::string>& lowers,
                                         const std::string& scratch);

// `/` of the mounted root gets a time no later than `epoch`: a lower that was unpacked just now has
// the clock's, and a process may read it.
[[nodiscard]] Result<void> clamp_root_time(const std::string& scratch, std::int64_t epoch);

// Unmounts it; lazily when something still holds it.
[[nodiscard]] Result<void> unmount_overlay(const std::string& scratch);

}  // namespace strata::backend
