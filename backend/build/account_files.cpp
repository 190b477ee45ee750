// /etc/passwd and /etc/group of a root, which anyone may have written.
#include "backend/build/account_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "backend/system/files.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

// More than this is no account file (CVE-2024-9676).
constexpr std::uint64_t kMaxAccountFile = 8U << 20U;

Error too_large(const std::string& path) {
  return {ErrorCode::Input, fmt::format("/{} of the root is larger than 8 MiB", path)};
}

std::string_view kind_of(EntryType type) {
  switch (type) {
    case EntryType::Directory:
      return "a directory";
    case EntryType::Fifo:
      return "a FIFO";
    case EntryType::Char:
    case EntryType::Block:
      return "a device";
    default:
      return "no regular file";
  }
}

// Whatever size the tree says: a hard link whose first name is elsewhere has none.
Result<std::string> read_bounded(const Fd& file, const std::string& path) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return errno_error(path, errno);
    }
    if (count == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxAccountFile) {
      return too_large(path);
    }
  }
}

// A root without the file has no names: the text is empty then.
Result<std::string> account_file(const std::string& path, const RootView& root,
                                 const Content& content) {
  STRATA_ASSIGN(const std::string resolved, root.resolve(path, RootView::FollowLast::Yes));
  const auto found = root.find(resolved);
  if (!found) {
    return std::string();
  }
  const TreeEntry* entry = found->entry;
  if (entry->type == EntryType::Hardlink) {
    const TreeEntry* first = root.layers()[found->layer]->find(entry->link);
    entry = first != nullptr ? first : entry;
  }
  if (entry->type != EntryType::File && entry->type != EntryType::Hardlink) {
    return Error{ErrorCode::Input, fmt::format("/{} of the root is {}, not an account file", path,
                                               kind_of(entry->type))};
  }
  if (entry->size > kMaxAccountFile) {
    return too_large(path);
  }
  STRATA_ASSIGN(const Fd file, content.open(resolved));
  return read_bounded(file, path);
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\v\f";
  const std::size_t begin = std::min(line.find_first_not_of(kSpace), line.size());
  return line.substr(begin, line.find_last_not_of(kSpace) + 1 - begin);
}

// Calls back for each line that has a name and an id in its third field; `field(n)` is "" where the
// line has ended already.
template <typename Take>
void for_each_line(std::string_view text, const Take& take) {
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(trimmed(line), ':');
    const auto field = [&](std::size_t index) {
      return index < fields.size() ? fields[index] : std::string_view();
    };
    const auto id = parse_account_id(field(2));
    if (id && !field(0).empty()) {
      take(*id, field);
    }
  }
}

}  // namespace

std::optional<std::uint32_t> parse_account_id(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == UINT32_MAX) {
    return std::nullopt;
  }
  return value;
}

Result<std::vector<Account>> read_accounts(const RootView& root, const Content& content) {
  STRATA_ASSIGN(const std::string text, account_file("etc/passwd", root, content));
  std::vector<Account> found;
  for_each_line(text, [&](std::uint32_t uid, const auto& field) {
    const std::string_view group = field(3);
    if (const auto gid = group.empty() ? 0U : parse_account_id(group)) {
      found.push_back({std::string(field(0)), uid, *gid, std::string(field(5))});
    }
  });
  return found;
}

Result<std::vector<Group>> read_groups(const RootView& root, const Content& content) {
  STRATA_ASSIGN(const std::string text, account_file("etc/group", root, content));
  std::vector<Group> found;
  for_each_line(text, [&](std::uint32_t gid, const auto& field) {
    found.push_back({std::string(field(0)), gid, split_words(field(3), ',')});
  });
  return found;
}

}  // namespace strata::backend
