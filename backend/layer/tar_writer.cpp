// Tar headers, byte by byte: libarchive's writer depends on the locale and adds fields of its own.
#include "backend/layer/tar_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/base/path.h"

namespace strata::backend {
namespace {

constexpr std::int64_t kMaxOctal7 = (1 << 21) - 1;
constexpr std::int64_t kMaxOctal11 = (std::int64_t{1} << 33) - 1;

struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUid{108, 8};
constexpr Field kGid{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kMtime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kTypeflag{156, 1};
constexpr Field kLinkname{157, 100};
constexpr Field kMagic{257, 8};
constexpr Field kDevMajor{329, 8};
constexpr Field kDevMinor{337, 8};
constexpr Field kPrefix{345, 155};

// What one 512-byte header says; strings that do not fit are cut, a pax record then has them whole.
struct Header {
  std::string_view name;
  std::string_view prefix;
  std::uint32_t mode = 0;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t size = 0;
  std::int64_t mtime = 0;
  char typeflag = '0';
  std::string_view link;
  std::int64_t dev_major = 0;
  std::int64_t dev_minor = 0;
};

using Block = std::array<char, kTarBlock>;

void put_text(Block& block, Field field, std::string_view text) {
  text.copy(block.data() + field.offset, field.size);
}

// All digits but the last byte, which is NUL.
void put_octal(Block& block, Field field, std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (std::size_t i = field.size - 1; i > 0; --i) {
    block[field.offset + i - 1] = static_cast<char>('0' + (rest & 7));
    rest >>= 3;
  }
}

void append_header(std::string& out, const Header& header) {
  Block block{};
  put_text(block, kName, header.name);
  put_octal(block, kMode, header.mode);
  put_octal(block, kUid, header.uid);
  put_octal(block, kGid, header.gid);
  put_octal(block, kSize, header.size);
  put_octal(block, kMtime, header.mtime);
  block[kTypeflag.offset] = header.typeflag;
  put_text(block, kLinkname, header.link);
  put_text(block, kMagic, std::string_view("ustar\00000", 8));
  put_octal(block, kDevMajor, header.dev_major);
  put_octal(block, kDevMinor, header.dev_minor);
  put_text(block, kPrefix, header.prefix);
  // The checksum is taken with its own field full of spaces; it ends in NUL and a space.
  std::memset(block.data() + kChecksum.offset, ' ', kChecksum.size);
  std::int64_t sum = 0;
  for (const char byte : block) {
    sum += static_cast<unsigned char>(byte);
  }
  put_octal(block, {kChecksum.offset, kChecksum.size - 1}, sum);
  block[kChecksum.offset + 6] = '\0';
  out.append(block.data(), block.size());
}

using Records = std::vector<std::pair<std::string, std::string>>;

// `<length> <key>=<value>\n`, where the length counts itself.
void append_record(std::string& out, const std::string& key, const std::string& value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) {
    length = rest + std::to_string(length).size();
  }
  ((((out += std::to_string(length)) += ' ') += key) += '=') += value;
  out += '\n';
}

void append_pax(std::string& out, Records records, std::string_view base_name) {
  std::sort(records.begin(), records.end());
  std::string body;
  for (const auto& [key, value] : records) {
    append_record(body, key, value);
  }
  const std::string name = "PaxHeaders.0/" + std::string(base_name);
  Header header;
  header.name = name;
  header.mode = 0644;
  header.size = static_cast<std::int64_t>(body.size());
  header.typeflag = 'x';
  append_header(out, header);
  out += body;
  out.append(tar_padding(body.size()), '\0');
}

char typeflag_of(EntryType type) {
  switch (type) {
    case EntryType::Directory:
      return '5';
    case EntryType::Symlink:
      return '2';
    case EntryType::Hardlink:
      return '1';
    case EntryType::Char:
      return '3';
    case EntryType::Block:
      return '4';
    case EntryType::Fifo:
      return '6';
    case EntryType::File:
    case EntryType::Whiteout:
      return '0';
  }
  return '0';
}

// The member's name: directories end in `/`, the root is `./`, a whiteout is `.wh.<name>`.
std::string member_name(const TreeEntry& entry) {
  if (entry.type == EntryType::Directory) {
    return entry.path.empty() ? "./" : entry.path + "/";
  }
  if (entry.type == EntryType::Whiteout) {
    const std::size_t base = entry.path.size() - base_name(entry.path).size();
    return entry.path.substr(0, base) + ".wh." + entry.path.substr(base);
  }
  return entry.path;
}

// Puts the name into the header's two fields; false when it does not fit.
bool split_name(Header& header, std::string_view name) {
  header.name = name;
  if (name.size() <= kName.size) {
    return true;
  }
  // The last `/` that leaves at most 155 bytes before it; a directory's final one cannot part it.
  const std::size_t slash = name.rfind('/', std::min(kPrefix.size, name.size() - 2));
  if (slash == std::string_view::npos || slash == 0 || name.size() - slash - 1 > kName.size) {
    return false;
  }
  header.prefix = name.substr(0, slash);
  header.name = name.substr(slash + 1);
  return true;
}

// Puts a number into the header, or into the records when it is too large for it (or negative).
std::int64_t number(Records& records, const char* key, std::int64_t value, std::int64_t limit) {
  if (value >= 0 && value <= limit) {
    return value;
  }
  records.emplace_back(key, std::to_string(value));
  return 0;
}

Result<void> check_names(const TreeEntry& entry) {
  if (base_name(entry.path).substr(0, 4) == ".wh.") {
    return Error{ErrorCode::Input,
                 entry.path + ": a name that begins with `.wh.` is a deletion in an image layer"};
  }
  for (const auto& xattr : entry.xattrs) {
    if (xattr.first.find('=') != std::string::npos) {
      return Error{ErrorCode::Input, entry.path + ": the name of its extended attribute `" +
                                         xattr.first + "` holds `=`, which a tar file cannot"};
    }
  }
  return {};
}

}  // namespace

Result<void> append_tar_header(std::string& out, const TreeEntry& entry) {
  STRATA_TRY(check_names(entry));
  const std::string name = member_name(entry);
  Records records;
  Header header;
  if (!split_name(header, name)) {
    records.emplace_back("path", name);
  }
  header.mode = entry.mode;
  header.uid = number(records, "uid", entry.uid, kMaxOctal7);
  header.gid = number(records, "gid", entry.gid, kMaxOctal7);
  header.size = number(records, "size", static_cast<std::int64_t>(entry.size), kMaxOctal11);
  header.mtime = number(records, "mtime", entry.mtime, kMaxOctal11);
  header.typeflag = typeflag_of(entry.type);
  header.link = entry.link;
  if (entry.link.size() > kLinkname.size) {
    records.emplace_back("linkpath", entry.link);
  }
  header.dev_major = entry.dev_major;
  header.dev_minor = entry.dev_minor;
  for (const auto& [key, value] : entry.xattrs) {
    records.emplace_back("SCHILY.xattr." + key, value);
  }
  if (!records.empty()) {
    append_pax(out, std::move(records), entry.path.empty() ? "." : base_name(entry.path));
  }
  append_header(out, header);
  return {};
}

}  // namespace strata::backend
