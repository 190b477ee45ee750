#pragma once

#include "backend/store/store.h"
#include "driver/compilation.h"
#include "ir/base/result.h"

namespace strata::driver {

// Files that `strata run` mounts from this machine (`strategy="mount"`), seen from the build and
// from what leaves the store.

// Whether the context has what each image mounts; false after a diagnostic at the image.
[[nodiscard]] bool check_mount_sources(const Compilation& compilation);

// Says that an image, on its way out of the store, goes without these.
void say_left_out(const backend::LocalMounts& mounts);

// Those of the name, or of any name of this image.
[[nodiscard]] Result<backend::LocalMounts> local_mounts_of(const backend::Store& store,
                                                           const std::string& name,
                                                           const backend::Descriptor& manifest);

}  // namespace strata::driver
