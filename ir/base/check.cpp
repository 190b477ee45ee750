// The one way in which strata stops on a bug of its own.
#include "ir/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace strata {

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  // Nobody is left to be told if this fails too.
  static_cast<void>(std::fprintf(stderr, "strata: internal error: %s:%d: %s: %.*s\n", file, line,
                                 condition, static_cast<int>(message.size()), message.data()));
  std::abort();
}

}  // namespace strata
