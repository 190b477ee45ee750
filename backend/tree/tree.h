#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/digest.h"
#include "ir/base/result.h"
#include "ir/op.h"

namespace strata::backend {

// Bytes of the longest path that a tree has; PATH_MAX of Linux.
inline constexpr std::size_t kMaxPath = 4096;

enum class EntryType : char {
  Directory = 'd',
  File = 'f',
  Symlink = 'l',
  Hardlink = 'h',
  Char = 'c',
  Block = 'b',
  Fifo = 'p',
  // The path below is removed. Emitted as `.wh.<name>`; mode, owner, times and the rest are 0.
  Whiteout = 'w',
};

// One file of a tree. Paths are bytes, relative, clean, `/`-separated, without a leading or
// trailing `/`; the root directory itself has the path "".
struct TreeEntry {
  std::string path;
  EntryType type = EntryType::File;
  std::uint32_t mode = 0;  // 07777 bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t size = 0;  // files only
  std::int64_t mtime = 0;  // seconds
  std::string link;  // Symlink: its text. Hardlink: the path of the entry that holds the content
                     // (it precedes this one)
  std::uint32_t dev_major = 0;
  std::uint32_t dev_minor = 0;
  ir::Pairs xattrs;  // sorted by name; user.* and security.capability only
  Digest sha256;     // files only
  bool operator==(const TreeEntry&) const = default;
};

// A step's result: what it changes in the root below it (a *diff tree*), or a whole selection (a
// `local`). Entries are sorted by the bytes of their paths, each path once, so parents precede
// children. A diff tree holds every parent of every entry, at its resolved path, with the
// attributes it has below; opaque directories are expanded into explicit whiteouts.
struct Tree {
  std::vector<TreeEntry> entries;

  // nullptr when there is none. Binary search.
  [[nodiscard]] const TreeEntry* find(std::string_view path) const;
  bool operator==(const Tree&) const = default;
};

// The canonical text of a tree: one canonical-JSON array per line, fields in the order of
// backend/tree/README.md. Its SHA-256 is the tree digest. Covers everything in TreeEntry.
[[nodiscard]] std::string print_tree(const Tree& tree);
// Error: Corrupt.
[[nodiscard]] Result<Tree> parse_tree(std::string_view text);
[[nodiscard]] Digest tree_digest(const Tree& tree);
[[nodiscard]] Digest empty_tree_digest();

// Makes the entry of a file another name of the file at `path`.
void make_hard_link(TreeEntry& entry, std::string path);

// Sorts, and checks the invariants above (STRATA_CHECK).
void sort_tree(Tree& tree);

}  // namespace strata::backend
