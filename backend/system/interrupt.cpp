// One flag a process; external interface is just the three functions.
#include "backend/system/interrupt.h"

#include <atomic>

namespace strata::backend {
namespace {

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers set it");

}  // namespace

void request_interrupt() { requested.store(true, std::memory_order_relaxed); }

bool interrupted() { return requested.load(std::memory_order_relaxed); }

Result<void> check_interrupted() {
  if (interrupted()) {
    return Error{ErrorCode::Interrupted, "interrupted"};
  }
  return {};
}

}  // namespace strata::backend
