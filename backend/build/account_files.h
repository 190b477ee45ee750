#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/base/result.h"

namespace strata::backend {

// A line of /etc/passwd.
struct Account {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
};

// A line of /etc/group.
struct Group {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
};

// The account files of a root, links followed inside it; in file order, empty when the file is not
// there. A line counts when it has a name and an id; fields that are missing at its end are empty
// or 0, as container runtimes read them. Error (Input): something else than a regular file (a
// runtime would wait for a FIFO's writer, and read a device without end), or more than 8 MiB.
[[nodiscard]] Result<std::vector<Account>> read_accounts(const RootView& root,
                                                         const Content& content);
[[nodiscard]] Result<std::vector<Group>> read_groups(const RootView& root, const Content& content);

// A user or group id in decimal digits; the kernel keeps the highest number for "no id".
[[nodiscard]] std::optional<std::uint32_t> parse_account_id(std::string_view text);

}  // namespace strata::backend
