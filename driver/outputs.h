#pragma once

#include <string>
#include <vector>

#include "backend/store/store.h"
#include "driver/options.h"
#include "driver/world.h"
#include "ir/base/result.h"

namespace strata::driver {

// Writes one output of an image that is whole in the store. `names` are its tags.
Result<void> write_output(World& world, const OutputOption& output,
                          const backend::Descriptor& manifest,
                          const std::vector<std::string>& names);

}  // namespace strata::driver
