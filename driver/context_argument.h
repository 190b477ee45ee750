#pragma once

#include <string>
#include <string_view>

#include "driver/options.h"
#include "ir/base/result.h"

namespace strata::driver {

// What is wrong with the context that the command line gives, when it is no directory to read: a
// file, an archive, a URL, standard input, nothing there. Each says what to do. Error Input,
// NotFound.
[[nodiscard]] Result<void> check_context(const InputOptions& options);

// Whether a text that should be a Dockerfile is an archive, of which docker makes a context.
[[nodiscard]] bool is_archive_text(std::string_view text);

// There is no input file in the context: what there is that could be meant. Error NotFound.
[[nodiscard]] Error no_input_file(const std::string& context);

}  // namespace strata::driver
