// User and group names, looked up in a root's own account files.
#include "backend/build/users.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "backend/system/files.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

// An image may hold anything at /etc/passwd; more than this is no account file (CVE-2024-9676).
constexpr std::uint64_t kMaxAccountFile = 8U << 20U;

struct Account {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
};

struct Group {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
};

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // The kernel keeps the highest id for "no id".
  if (error != std::errc() || end != text.data() + text.size() || text.empty() ||
      value == UINT32_MAX) {
    return std::nullopt;
  }
  return value;
}

bool is_numeric(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A root without the file has no names: the text is empty then.
Result<std::string> account_file(const std::string& path, const RootView& root,
                                 const Content& content) {
  STRATA_ASSIGN(const std::string resolved, root.resolve(path, RootView::FollowLast::Yes));
  const auto found = root.find(resolved);
  if (!found ||
      (found->entry->type != EntryType::File && found->entry->type != EntryType::Hardlink)) {
    return std::string();
  }
  if (found->entry->size > kMaxAccountFile) {
    return Error{ErrorCode::Input, fmt::format("/{} of the root is larger than 8 MiB", path)};
  }
  STRATA_ASSIGN(const Fd file, content.open(resolved));
  return read_all(file, path);
}

Result<std::vector<Account>> accounts(const RootView& root, const Content& content) {
  STRATA_ASSIGN(const std::string text, account_file("etc/passwd", root, content));
  std::vector<Account> found;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 7) {
      continue;
    }
    const auto uid = number(fields[2]);
    const auto gid = number(fields[3]);
    if (uid && gid) {
      found.push_back({std::string(fields[0]), *uid, *gid, std::string(fields[5])});
    }
  }
  return found;
}

Result<std::vector<Group>> groups(const RootView& root, const Content& content) {
  STRATA_ASSIGN(const std::string text, account_file("etc/group", root, content));
  std::vector<Group> found;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 4) {
      continue;
    }
    if (const auto gid = number(fields[2])) {
      found.push_back({std::string(fields[0]), *gid, split_words(fields[3], ',')});
    }
  }
  return found;
}

Error no_such(std::string_view what, const std::string& name, std::string_view file) {
  return {ErrorCode::Input, fmt::format("there is no {} `{}` in the root's {}", what, name, file)};
}

Result<std::uint32_t> group_id(const std::string& group, const RootView& root,
                               const Content& content) {
  if (is_numeric(group)) {
    if (const auto id = number(group)) {
      return *id;
    }
    return Error{ErrorCode::Input, fmt::format("group id `{}` is out of range", group)};
  }
  STRATA_ASSIGN(const std::vector<Group> known, groups(root, content));
  for (const Group& candidate : known) {
    if (candidate.name == group) {
      return candidate.gid;
    }
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
  STRATA_ASSIGN(const std::vector<Account> known, accounts(root, content));
  for (const Account& candidate : known) {
    if (id ? candidate.uid == *id : candidate.name == user) {
      return candidate;
    }
  }
  if (id) {
    return Account{"", *id, 0, "/"};
  }
  if (user == "root") {
    return Account{"root", 0, 0, "/root"};
  }
  return no_such("user", user, "/etc/passwd");
}

}  // namespace

Result<ProcessUser> resolve_process_user(const std::string& user, const RootView& root,
                                         const Content& content) {
  const Parts parts = parts_of(user);
  const std::string name = parts.user.empty() ? "root" : parts.user;
  std::optional<std::uint32_t> id;
  if (is_numeric(name)) {
    id = number(name);
    if (!id) {
      return Error{ErrorCode::Input, fmt::format("user id `{}` is out of range", name)};
    }
  }
  STRATA_ASSIGN(const Account found, account(name, root, content, id));
  ProcessUser result{found.uid, found.gid, {}, found.home.empty() ? "/" : found.home};
  if (parts.group) {
    STRATA_ASSIGN(result.gid, group_id(*parts.group, root, content));
    return result;
  }
  if (!found.name.empty()) {
    STRATA_ASSIGN(const std::vector<Group> known, groups(root, content));
    for (const Group& group : known) {
      if (std::find(group.members.begin(), group.members.end(), found.name) !=
          group.members.end()) {
        result.groups.push_back(group.gid);
      }
    }
  }
  std::sort(result.groups.begin(), result.groups.end());
  result.groups.erase(std::unique(result.groups.begin(), result.groups.end()), result.groups.end());
  return result;
}

Result<FileOwner> resolve_owner(const std::string& owner, const RootView& root,
                                const Content& content) {
  const Parts parts = parts_of(owner);
  FileOwner result;
  if (is_numeric(parts.user)) {
    const auto id = number(parts.user);
    if (!id) {
      return Error{ErrorCode::Input, fmt::format("user id `{}` is out of range", parts.user)};
    }
    result = {*id, *id};
  } else if (parts.user != "root" && !parts.user.empty()) {
    STRATA_ASSIGN(const Account found, account(parts.user, root, content, std::nullopt));
    result = {found.uid, found.gid};
  }
  if (parts.group && !parts.group->empty()) {
    STRATA_ASSIGN(result.gid, group_id(*parts.group, root, content));
  } else if (parts.group) {
    result.gid = 0;
  }
  return result;
}

}  // namespace strata::backend
