// Tree: the canonical text of a tree (backend/tree/README.md), its inverse, and the invariants.
#include "backend/tree/tree.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "ir/base/canonical_json.h"
#include "ir/base/check.h"
#include "ir/base/path.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr std::int64_t kMaxJsonInteger = (std::int64_t{1} << 53) - 1;

void append_bytes(std::string& out, std::string_view bytes) {
  if (is_utf8(bytes)) {
    append_json_string(out, bytes);
  } else {
    out += R"({"base64":")";
    out += base64_encode(bytes);
    out += "\"}";
  }
}

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  const std::string_view text(static_cast<const char*>(digits),
                              static_cast<std::size_t>(end - static_cast<char*>(digits)));
  const bool small = std::in_range<std::int64_t>(value) &&
                     static_cast<std::int64_t>(value) <= kMaxJsonInteger &&
                     static_cast<std::int64_t>(value) >= -kMaxJsonInteger;
  if (small) {
    out += text;
  } else {
    ((out += '"') += text) += '"';
  }
}

void append_xattrs(std::string& out, const ir::Pairs& xattrs) {
  out += ",[";
  bool first = true;
  for (const auto& [name, value] : xattrs) {
    out += first ? "[" : ",[";
    first = false;
    append_bytes(out, name);
    out += ',';
    append_bytes(out, value);
    out += ']';
  }
  out += ']';
}

void append_entry(std::string& out, const TreeEntry& entry) {
  out += '[';
  append_bytes(out, entry.path);
  ((out += ",\"") += static_cast<char>(entry.type)) += '"';
  if (entry.type == EntryType::Whiteout) {
    out += "]\n";
    return;
  }
  append_integer(out += ',', entry.mode);
  append_integer(out += ',', entry.uid);
  append_integer(out += ',', entry.gid);
  append_integer(out += ',', entry.mtime);
  append_xattrs(out, entry.xattrs);
  switch (entry.type) {
    case EntryType::File:
      append_integer(out += ',', entry.size);
      ((out += ",\"") += entry.sha256.str()) += '"';
      break;
    case EntryType::Symlink:
    case EntryType::Hardlink:
      append_bytes(out += ',', entry.link);
      break;
    case EntryType::Char:
    case EntryType::Block:
      append_integer(out += ',', entry.dev_major);
      append_integer(out += ',', entry.dev_minor);
      break;
    case EntryType::Directory:
    case EntryType::Fifo:
    case EntryType::Whiteout:
      break;
  }
  out += "]\n";
}

// Reads the restricted JSON that append_entry writes; nothing else of JSON is needed here, and a
// DOM would cost several times the rest of a plan.
class EntryReader {
 public:
  explicit EntryReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return position_ == text_.size(); }
  [[nodiscard]] std::size_t line() const { return line_; }

  // False when the line is malformed.
  bool read(TreeEntry& entry) {
    ++line_;
    if (!literal("[") || !bytes(entry.path) || !literal(",\"") || !type(entry.type) ||
        !literal("\"")) {
      return false;
    }
    if (entry.type != EntryType::Whiteout) {
      if (!literal(",") || !integer(entry.mode) || !literal(",") || !integer(entry.uid) ||
          !literal(",") || !integer(entry.gid) || !literal(",") || !integer(entry.mtime) ||
          !xattrs(entry.xattrs) || !rest(entry)) {
        return false;
      }
    }
    return literal("]\n");
  }

 private:
  bool literal(std::string_view expected) {
    if (text_.substr(position_, expected.size()) != expected) {
      return false;
    }
    position_ += expected.size();
    return true;
  }

  bool type(EntryType& out) {
    if (position_ == text_.size()) {
      return false;
    }
    const char letter = text_[position_++];
    out = static_cast<EntryType>(letter);
    return std::string_view("dflhcbpw").find(letter) != std::string_view::npos;
  }

  template <typename Integer>
  bool integer(Integer& out) {
    const bool quoted = literal("\"");
    const char* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), out);
    if (error != std::errc()) {
      return false;
    }
    position_ += static_cast<std::size_t>(end - begin);
    return !quoted || literal("\"");
  }

  bool rest(TreeEntry& entry) {
    switch (entry.type) {
      case EntryType::File: {
        if (!literal(",") || !integer(entry.size) || !literal(",\"")) {
          return false;
        }
        constexpr std::size_t kDigestLength = 71;
        const std::optional<Digest> digest = Digest::parse(text_.substr(position_, kDigestLength));
        position_ += std::min(kDigestLength, text_.size() - position_);
        entry.sha256 = digest.value_or(Digest());
        return digest && literal("\"");
      }
      case EntryType::Symlink:
      case EntryType::Hardlink:
        return literal(",") && bytes(entry.link);
      case EntryType::Char:
      case EntryType::Block:
        return literal(",") && integer(entry.dev_major) && literal(",") && integer(entry.dev_minor);
      case EntryType::Directory:
      case EntryType::Fifo:
      case EntryType::Whiteout:
        return true;
    }
    return false;
  }

  bool xattrs(ir::Pairs& out) {
    if (!literal(",[")) {
      return false;
    }
    if (literal("]")) {
      return true;
    }
    do {
      auto& [name, value] = out.emplace_back();
      if (!literal("[") || !bytes(name) || !literal(",") || !bytes(value) || !literal("]")) {
        return false;
      }
    } while (literal(","));
    return literal("]");
  }

  bool bytes(std::string& out) {
    if (literal(R"({"base64":")")) {
      const std::size_t end = text_.find('"', position_);
      if (end == std::string_view::npos) {
        return false;
      }
      std::optional<std::string> decoded = base64_decode(text_.substr(position_, end - position_));
      position_ = end;
      if (!decoded) {
        return false;
      }
      out = *std::move(decoded);
      return literal("\"}");
    }
    return literal("\"") && json_string(out);
  }

  // The opening quote is read.
  bool json_string(std::string& out) {
    for (;;) {
      const std::size_t stop = text_.find_first_of("\"\\\n", position_);
      if (stop == std::string_view::npos || text_[stop] == '\n') {
        return false;
      }
      out.append(text_, position_, stop - position_);
      position_ = stop + 1;
      if (text_[stop] == '"') {
        return true;
      }
      if (!escape(out)) {
        return false;
      }
    }
  }

  // The backslash is read. Canonical text escapes nothing beyond U+001F but `"` and `\`.
  bool escape(std::string& out) {
    if (position_ == text_.size()) {
      return false;
    }
    const char letter = text_[position_++];
    constexpr std::string_view kLetters = "\"\\bfnrt";
    constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
    if (const std::size_t index = kLetters.find(letter); index != std::string_view::npos) {
      out += kMeanings[index];
      return true;
    }
    unsigned value = 0;
    const std::string_view digits = text_.substr(position_, 4);
    if (letter != 'u' || digits.size() != 4) {
      return false;
    }
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 4, value, 16);
    if (error != std::errc() || end != digits.data() + 4 || value >= 0x20) {
      return false;
    }
    position_ += 4;
    out += static_cast<char>(value);
    return true;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t line_ = 0;
};

bool is_clean_relative(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) {
    return false;
  }
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") {
      return false;
    }
    if (slash == std::string_view::npos) {
      return true;
    }
    path.remove_prefix(slash + 1);
    if (path.empty()) {
      return false;
    }
  }
  return true;
}

bool is_directory(const TreeEntry* entry) {
  return entry != nullptr && entry->type == EntryType::Directory;
}

// Whether fields that this type does not print are at their defaults.
bool unused_fields_are_empty(const TreeEntry& entry) {
  const EntryType type = entry.type;
  const bool is_link = type == EntryType::Symlink || type == EntryType::Hardlink;
  const bool is_device = type == EntryType::Char || type == EntryType::Block;
  if (type == EntryType::Whiteout) {
    TreeEntry empty;
    empty.path = entry.path;
    empty.type = EntryType::Whiteout;
    return entry == empty;
  }
  return (is_link || entry.link.empty()) &&
         (is_device || (entry.dev_major == 0 && entry.dev_minor == 0)) &&
         (type == EntryType::File || (entry.size == 0 && entry.sha256 == Digest())) &&
         (type != EntryType::Hardlink || entry.xattrs.empty());
}

bool strictly_sorted(const ir::Pairs& pairs) {
  return std::adjacent_find(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
           return a.first >= b.first;
         }) == pairs.end();
}

// "" or what is wrong with an entry on its own.
std::string_view entry_fault(const TreeEntry& entry) {
  if (!is_clean_relative(entry.path)) {
    return "a path is not clean";
  }
  if (entry.path.empty() && entry.type != EntryType::Directory) {
    return "the root is not a directory";
  }
  if (entry.mode > 07777) {
    return "a mode holds more than permissions";
  }
  if (!strictly_sorted(entry.xattrs)) {
    return "xattrs are not sorted";
  }
  if (!unused_fields_are_empty(entry)) {
    return "a field is set that the type does not have";
  }
  return {};
}

// "" or which invariant of a tree does not hold; `at` is then the entry.
std::string_view tree_fault(const Tree& tree, const TreeEntry** at) {
  std::string_view good_parent;
  const TreeEntry* previous = nullptr;
  for (const TreeEntry& entry : tree.entries) {
    *at = &entry;
    if (previous != nullptr && previous->path >= entry.path) {
      return "paths are not sorted or not unique";
    }
    previous = &entry;
    if (const std::string_view fault = entry_fault(entry); !fault.empty()) {
      return fault;
    }
    const std::string_view parent = parent_of(entry.path);
    // The root need not have an entry.
    if (!parent.empty() && parent != good_parent) {
      if (!is_directory(tree.find(parent))) {
        return "an entry's parent is missing or is no directory";
      }
      good_parent = parent;
    }
    if (entry.type == EntryType::Hardlink) {
      const TreeEntry* target = tree.find(entry.link);
      if (target == nullptr || target->type != EntryType::File || target->path >= entry.path) {
        return "a hard link does not follow its file";
      }
    }
  }
  return {};
}

}  // namespace

const TreeEntry* Tree::find(std::string_view path) const {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), path,
                       [](const TreeEntry& entry, std::string_view p) { return entry.path < p; });
  return found != entries.end() && found->path == path ? &*found : nullptr;
}

std::string print_tree(const Tree& tree) {
  constexpr std::size_t kTypicalLine = 160;
  std::string out;
  out.reserve(tree.entries.size() * kTypicalLine);
  for (const TreeEntry& entry : tree.entries) {
    append_entry(out, entry);
  }
  return out;
}

Result<Tree> parse_tree(std::string_view text) {
  Tree tree;
  tree.entries.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  EntryReader reader(text);
  while (!reader.at_end()) {
    if (!reader.read(tree.entries.emplace_back())) {
      return Error{ErrorCode::Corrupt,
                   "tree: line " + std::to_string(reader.line()) + " is not an entry"};
    }
  }
  const TreeEntry* at = nullptr;
  if (const std::string_view fault = tree_fault(tree, &at); !fault.empty()) {
    return Error{ErrorCode::Corrupt, "tree: " + at->path + ": " + std::string(fault)};
  }
  return tree;
}

Digest tree_digest(const Tree& tree) { return Digest::of(print_tree(tree)); }

Digest empty_tree_digest() { return tree_digest(Tree()); }

void make_hard_link(TreeEntry& entry, std::string path) {
  entry.type = EntryType::Hardlink;
  entry.link = std::move(path);
  entry.size = 0;
  entry.sha256 = Digest();
  entry.xattrs.clear();
}

void sort_tree(Tree& tree) {
  const auto by_path = [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; };
  if (!std::is_sorted(tree.entries.begin(), tree.entries.end(), by_path)) {
    std::sort(tree.entries.begin(), tree.entries.end(), by_path);
  }
  const TreeEntry* at = nullptr;
  const std::string_view fault = tree_fault(tree, &at);
  STRATA_CHECK(fault.empty(), at->path + ": " + std::string(fault));
}

}  // namespace strata::backend
