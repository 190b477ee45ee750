#pragma once

#include <string_view>

#include "ir/base/result.h"

namespace strata::backend {

// Writes all to standard output; ends at a wish to stop even when nobody reads. Error Output,
// Interrupted.
[[nodiscard]] Result<void> write_standard_output(std::string_view bytes);

// After the last of them: what a file system says of a failed write only at a close. Error Output.
[[nodiscard]] Result<void> finish_standard_output();

// Writes to standard error what it takes. A reader that does not read is waited for until the wish
// to stop, and is no reason to go on after it: then what cannot be written at once is dropped.
// Other failures are ignored too, since nobody could be told.
void write_standard_error(std::string_view bytes);

// Whether such a write found that whoever read standard output has gone (EPIPE): nobody is left to
// be told of an error, and a process ends as by SIGPIPE.
[[nodiscard]] bool standard_output_abandoned();

}  // namespace strata::backend
