#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/options.h"
#include "ir/base/result.h"

namespace strata::driver {

// What -t and -o say of one image of a build.
struct ImageNames {
  std::vector<std::string> tags;  // normalized references
  std::vector<OutputOption> outputs;
};

// For each target, in order, its names and outputs: `{target}` in them is the target's name. --push
// and --load are outputs here. Error Input: a name that is none, one name or file for several
// images, a push without a name.
[[nodiscard]] Result<std::vector<ImageNames>> names_of_images(
    const BuildOptions& options, const std::vector<std::string>& targets);

}  // namespace strata::driver
