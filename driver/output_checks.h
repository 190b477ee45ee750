#pragma once

#include <string>
#include <vector>

#include "driver/image_names.h"
#include "driver/options.h"
#include "ir/base/result.h"

namespace strata::driver {

// What can be known to be wrong with one output before anything is built: a terminal for an
// archive, no directory to write in, a directory where a file is to be, nothing to load an image
// with.
[[nodiscard]] Result<void> check_output(const OutputOption& output);

// The same of all that a build writes: outputs, --iidfile and its like. One in a directory that an
// output of the build makes is not checked.
[[nodiscard]] Result<void> check_written_files(const BuildOptions& options,
                                               const std::vector<ImageNames>& images);

// The programs that take an image, in the order in which they are asked, of those in $PATH.
[[nodiscard]] std::vector<std::string> loaders();

}  // namespace strata::driver
