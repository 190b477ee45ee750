#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/base/result.h"

namespace strata::backend {

// Who a process is.
struct ProcessUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  // Supplementary groups, sorted, `gid` among them: a process that leaves its primary group must
  // not lose what files deny to that group (CVE-2022-2989).
  std::vector<std::uint32_t> groups;
  std::string home = "/";
};

struct FileOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// USER as docker reads it: `user[:group]`, names looked up in the root's /etc/passwd and
// /etc/group; a numeric user need not be there (gid 0 then), nor `root`, as user and as group.
// Supplementary groups other than `gid` only when no group is given. Error (Input): no such user or
// group, and those of read_accounts().
[[nodiscard]] Result<ProcessUser> resolve_process_user(const std::string& user,
                                                       const RootView& root,
                                                       const Content& content);

// --chown: as above, but a numeric user without a group has the same number as gid, a named one its
// primary group. BuildKit takes an unknown name silently for 0; here it is an error.
[[nodiscard]] Result<FileOwner> resolve_owner(const std::string& owner, const RootView& root,
                                              const Content& content);

}  // namespace strata::backend
