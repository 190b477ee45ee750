#pragma once

#include "backend/build/builder.h"

namespace strata::backend {

// Reads again, bytes and all, what the store has of the images, steps and bases that this build
// needs, and sets aside what is damaged: blobs, trees, unpacked roots. For a build that met damage;
// an undamaged one must not wait for it.
[[nodiscard]] Result<void> recheck(const BuildRequest& request);

// The same of one image and its layers' trees.
[[nodiscard]] Result<void> recheck(Store& store, const Descriptor& manifest);

}  // namespace strata::backend
