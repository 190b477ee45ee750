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

// The mounts of the image `manifest` as `name`, each with a name that has them. Mounts belong to a
// name: there is one then, if that is known to the store. Of a digest they are those of the name by
// digest, which the last build without another gave it, else all that differ among its names.
[[nodiscard]] Result<std::vector<backend::Ref>> mounts_of_name(const backend::Store& store,
                                                               const std::string& name,
                                                               const Digest& manifest);

}  // namespace strata::driver
