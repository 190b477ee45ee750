#pragma once

#include <string>
#include <vector>

#include "backend/execute/executor.h"
#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::driver {

// The values of `run`'s flags, in docker's syntax. All errors are Input and name the flag.

// `HOST:TARGET[:OPTIONS]`: a file or directory of the host, which must be there. Options, with
// commas: ro, rw; docker's z, Z, cached, delegated and consistent mean nothing here.
[[nodiscard]] Result<backend::RunSpec::Bind> bind_of(const std::string& text);

// `TARGET[:OPTIONS]`, as mount(8) has them; without any as docker: rw, noexec, nosuid, nodev.
[[nodiscard]] Result<backend::RunSpec::Tmpfs> tmpfs_of(const std::string& text);

// An --env-file: a line each, `K=V` with the value as it stands, or `K` for the value that it has
// in strata's own environment, if any; blank lines and those that begin with # mean nothing.
[[nodiscard]] Result<ir::Pairs> variables_of_file(const std::string& path);
// Its text; `path` is for messages.
[[nodiscard]] Result<ir::Pairs> variables_of_text(const std::string& text, const std::string& path);

}  // namespace strata::driver
