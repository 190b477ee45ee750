#pragma once

#include <vector>

#include "frontend/dockerfile/ast.h"
#include "frontend/frontend.h"
#include "ir/base/emitter.h"

namespace strata::frontend::dockerfile {

// Hands `found` on to `emitter` as `# check=…` says, or the build argument
// BUILDKIT_DOCKERFILE_CHECK in its place: warnings that are one of BuildKit's checks are left out
// where `skip=` names it, and with `error=true` those that are left make an error (ChecksFailed).
// Reports a malformed directive.
void report_with_checks(const std::vector<Diagnostic>& found, const Ast& ast,
                        const LowerRequest& request, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
