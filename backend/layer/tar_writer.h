#pragma once

#include <cstdint>
#include <string>

#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

constexpr std::size_t kTarBlock = 512;

// Appends the header blocks of an entry as a layer has it (backend/layer/README.md): ustar, with a
// pax header before it only when a field needs one. Error Input: a name that a layer cannot hold
// (`.wh.` at its start means a deletion; `=` in an xattr's name).
[[nodiscard]] Result<void> append_tar_header(std::string& out, const TreeEntry& entry);

// Zero bytes that follow `size` bytes of content.
[[nodiscard]] constexpr std::size_t tar_padding(std::uint64_t size) {
  return static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

// The end of an archive is two zero blocks and nothing more.
constexpr std::size_t kTarEnd = 2 * kTarBlock;

}  // namespace strata::backend
