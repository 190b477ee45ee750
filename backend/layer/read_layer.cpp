// read_layer, is_archive, unpack_archive: archives from outside become trees.
#include <sys/stat.h>

#include <cerrno>

#include "backend/layer/archive_reader.h"
#include "backend/layer/byte_source.h"
#include "backend/layer/layer.h"
#include "backend/layer/member_tree.h"
#include "backend/layer/read_ahead.h"
#include "backend/layer/unpack.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {
namespace {

Result<void> read_to_end(ByteSource& source) {
  for (;;) {
    STRATA_TRY(check_interrupted());
    STRATA_ASSIGN(const std::string_view piece, source.next());
    if (piece.empty()) {
      return {};
    }
  }
}

Result<ArchiveBudget> budget_of(const Fd& file, const std::string& name,
                                std::uint64_t max_content) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    return errno_error(name, errno);
  }
  return ArchiveBudget(static_cast<std::uint64_t>(info.st_size), max_content);
}

}  // namespace

Result<ReadLayer> read_layer(const std::string& blob_path, const RootView& below,
                             const ReadLayerOptions& options) {
  STRATA_ASSIGN(const Fd file, open_read(blob_path));
  STRATA_ASSIGN(ArchiveBudget budget, budget_of(file, blob_path, options.max_bytes));
  HashingSource source(decompressed(file_source(file, blob_path)), budget.content_limit());
  ReadAhead ahead(source);
  ArchiveReader reader(ahead, ArchiveReader::Filters::None);
  MemberTree members(below, MemberTree::Names::Layer, budget);
  ReadLayer layer;
  auto read = unpack_members(reader, members, budget, {options.unpack_to, options.open_below});
  if (!read) {
    return std::move(read).error().with_context(blob_path);
  }
  layer.tree = std::move(read->tree);
  // The diffID covers what follows the archive's end, too.
  if (Result<void> rest = read_to_end(ahead); !rest) {
    return std::move(rest).error().with_context(blob_path);
  }
  STRATA_ASSIGN(layer.diff_id, source.finish());
  return layer;
}

Result<bool> is_archive(const Fd& file) {
  const std::string name = "archive";
  const std::unique_ptr<ByteSource> source = file_source(file, name);
  ArchiveReader reader(*source, ArchiveReader::Filters::All);
  const Result<std::optional<TreeEntry>> first = reader.next();
  if (!first && first.error().code != ErrorCode::Corrupt) {
    return first.error();
  }
  return first.ok() && first->has_value();
}

Result<UnpackedArchive> unpack_archive(const Fd& file, const std::string& directory) {
  const std::string name = "archive";
  const std::unique_ptr<ByteSource> source = file_source(file, name);
  ArchiveReader reader(*source, ArchiveReader::Filters::All);
  const RootView nothing{{}};
  STRATA_ASSIGN(ArchiveBudget budget, budget_of(file, name, ReadLayerOptions().max_bytes));
  MemberTree members(nothing, MemberTree::Names::Archive, budget);
  auto read = unpack_members(reader, members, budget, {directory, {}});
  if (!read) {
    Error error = std::move(read).error();
    // Not the store's bytes are damaged: the user gave these.
    error.code = error.code == ErrorCode::Corrupt ? ErrorCode::Input : error.code;
    return error;
  }
  STRATA_ASSIGN(std::shared_ptr<const Content> content, directory_content(directory));
  return UnpackedArchive{{std::make_shared<const Tree>(std::move(read->tree)), std::move(content)},
                         std::move(read->implied),
                         std::move(read->outside)};
}

}  // namespace strata::backend
