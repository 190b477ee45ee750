#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/registry/client.h"

namespace strata::backend {

// A Content-Range header of a 206 answer, "bytes 10-99/100" (`*` as the whole: no total).
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total;
  bool operator==(const ContentRange&) const = default;
};
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view header);

// Brings a blob into the store from one host, going on where an earlier try, of this process or
// another, stopped. `what` names it in errors. The caller holds the blob's lock.
Result<void> download_blob(Client& client, const AuthTarget& target, const std::string& what,
                           const Descriptor& blob);

}  // namespace strata::backend
