#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backend/layer/byte_source.h"
#include "backend/tree/tree.h"
#include "ir/base/result.h"

namespace strata::backend {

// Reads the members of a tar stream, byte-exact names whatever the process's locale. The only file
// that includes libarchive is its .cpp.
class ArchiveReader {
 public:
  enum class Filters { None, All };
  // `source` must outlive this. With Filters::All gzip, bzip2, xz and zstd are undone.
  ArchiveReader(ByteSource& source, Filters filters);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // The next member, its path and link as they stand in the archive; nullopt at the end. Only
  // kept xattrs (is_kept_xattr). Errors: Corrupt (a header of more than 2 MiB, with all that
  // precedes it, is one), or what the source returned.
  Result<std::optional<TreeEntry>> next();
  // Regions of data in that member, if it is sparse.
  [[nodiscard]] std::size_t sparse_regions() const;
  // Uncompressed bytes of the archive that were read.
  [[nodiscard]] std::uint64_t position() const;

  // The member's bytes in order; a gap before `offset` holds zeros.
  using Block = std::function<Result<void>(std::string_view data, std::uint64_t offset)>;
  Result<void> read_data(const Block& block);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace strata::backend
