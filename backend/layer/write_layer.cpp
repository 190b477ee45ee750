// write_layer, write_tar: a tree and its bytes as a tar stream, through the block pipeline.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/layer/block_pipeline.h"
#include "backend/layer/layer.h"
#include "backend/layer/tar_writer.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"

namespace strata::backend {
namespace {

Error changed(const std::string& path) {
  return Error{ErrorCode::Corrupt, path + ": changed while it was read"};
}

// The bytes are hashed on their way: those that are packed are those of the entry's digest.
Result<void> write_content(const TreeEntry& entry, const Content& content,
                           BlockPipeline& pipeline) {
  Sha256 hash;
  if (entry.size > 0) {
    STRATA_ASSIGN(const Fd fd, content.open(entry.path));
    for (std::uint64_t left = entry.size; left > 0;) {
      STRATA_TRY(check_interrupted());
      const BlockPipeline::Space free = pipeline.space();
      const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(left, free.size));
      const ssize_t count = ::read(fd.get(), free.data, want);
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        return errno_error(entry.path, errno);
      }
      if (count == 0) {
        return changed(entry.path);
      }
      const auto size = static_cast<std::size_t>(count);
      hash.update(free.data, size);
      left -= size;
      STRATA_TRY(pipeline.advance(size));
    }
  }
  if (hash.finish() != entry.sha256) {
    return changed(entry.path);
  }
  return pipeline.append_zeros(tar_padding(entry.size));
}

}  // namespace

Result<LayerBlob> write_layer(const Tree& tree, const Content& content,
                              const EmissionProfile& profile, unsigned jobs, ByteSink& sink) {
  BlockPipeline pipeline(profile, jobs, sink);
  std::string header;
  for (const TreeEntry& entry : tree.entries) {
    STRATA_TRY(check_interrupted());
    header.clear();
    STRATA_TRY(append_tar_header(header, entry));
    STRATA_TRY(pipeline.append(header));
    if (entry.type == EntryType::File) {
      STRATA_TRY(write_content(entry, content, pipeline));
    }
  }
  STRATA_TRY(pipeline.append_zeros(kTarEnd));
  return pipeline.finish();
}

Result<void> write_tar(const Tree& tree, const Content& content, ByteSink& sink) {
  const Result<LayerBlob> result =
      write_layer(tree, content, EmissionProfile{Codec::None, 0}, 1, sink);
  return result ? Result<void>() : result.error();
}

}  // namespace strata::backend
