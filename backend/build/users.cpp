// User and group names, looked up in a root's own account files.
#include "backend/build/users.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "backend/build/account_files.h"

namespace strata::backend {
namespace {

constexpr std::string_view kRoot = "root";

bool is_numeric(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Error no_such(std::string_view what, const std::string& name, std::string_view file) {
  return {ErrorCode::Input, fmt::format("there is no {} `{}` in the root's {}", what, name, file)};
}

// As the user of this name, the group is there without any file.
bool is_looked_up(const std::string& group) { return !is_numeric(group) && group != kRoot; }

Result<std::uint32_t> group_id(const std::string& group, const std::vector<Group>& known) {
  if (is_numeric(group)) {
    if (const auto id = parse_account_id(group)) {
      return *id;
    }
    return Error{ErrorCode::Input, fmt::format("group id `{}` is out of range", group)};
  }
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Group& g) { return g.name == group; });
  if (found != known.end()) {
    return found->gid;
  }
  if (!is_looked_up(group)) {
    return 0U;
  }
  return no_such("group", group, "/etc/group");
}

struct Parts {
  std::string user;
  std::optional<std::string> group;
};

Parts parts_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    return {text, std::nullopt};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Result<Account> account(const std::string& user, const RootView& root, const Content& content,
                        const std::optional<std::uint32_t>& id) {
  STRATA_ASSIGN(const std::vector<Account> known, read_accounts(root, content));
  for (const Account& candidate : known) {
    if (id ? candidate.uid == *id : candidate.name == user) {
      return candidate;
    }
  }
  if (id) {
    return Account{"", *id, 0, "/"};
  }
  if (user == kRoot) {
    return Account{std::string(kRoot), 0, 0, "/root"};
  }
  return no_such("user", user, "/etc/passwd");
}

// The ids of a set, which setgroups(2) wants each once.
std::vector<std::uint32_t> sorted_once(std::vector<std::uint32_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

Result<ProcessUser> resolve_process_user(const std::string& user, const RootView& root,
                                         const Content& content) {
  const Parts parts = parts_of(user);
  const std::string name = parts.user.empty() ? std::string(kRoot) : parts.user;
  std::optional<std::uint32_t> id;
  if (is_numeric(name)) {
    id = parse_account_id(name);
    if (!id) {
      return Error{ErrorCode::Input, fmt::format("user id `{}` is out of range", name)};
    }
  }
  // Both files, needed or not: the runtime will read them, and must not find a FIFO there.
  STRATA_ASSIGN(const Account found, account(name, root, content, id));
  STRATA_ASSIGN(const std::vector<Group> groups, read_groups(root, content));
  ProcessUser result{found.uid, found.gid, {}, found.home.empty() ? "/" : found.home};
  if (parts.group) {
    STRATA_ASSIGN(result.gid, group_id(*parts.group, groups));
  } else if (!found.name.empty()) {
    for (const Group& group : groups) {
      if (std::find(group.members.begin(), group.members.end(), found.name) !=
          group.members.end()) {
        result.groups.push_back(group.gid);
      }
    }
  }
  result.groups.push_back(result.gid);
  result.groups = sorted_once(std::move(result.groups));
  return result;
}

Result<FileOwner> resolve_owner(const std::string& owner, const RootView& root,
                                const Content& content) {
  const Parts parts = parts_of(owner);
  FileOwner result;
  if (is_numeric(parts.user)) {
    const auto id = parse_account_id(parts.user);
    if (!id) {
      return Error{ErrorCode::Input, fmt::format("user id `{}` is out of range", parts.user)};
    }
    result = {*id, *id};
  } else if (parts.user != kRoot && !parts.user.empty()) {
    STRATA_ASSIGN(const Account found, account(parts.user, root, content, std::nullopt));
    result = {found.uid, found.gid};
  }
  if (parts.group && !parts.group->empty()) {
    std::vector<Group> known;
    if (is_looked_up(*parts.group)) {
      STRATA_ASSIGN(known, read_groups(root, content));
    }
    STRATA_ASSIGN(result.gid, group_id(*parts.group, known));
  } else if (parts.group) {
    result.gid = 0;
  }
  return result;
}

}  // namespace strata::backend
