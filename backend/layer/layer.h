#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "backend/tree/tree.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend {

enum class Codec { None, Gzip, Zstd };

// Everything beside the tree on which a layer's bytes depend. name() is the profile's stable
// spelling, in the image key and the store: "gzip-6-libdeflate-1.14-1m", "zstd-3-libzstd-1.5.4-4m",
// "none".
struct EmissionProfile {
  Codec codec = Codec::Gzip;
  int level = 6;
  [[nodiscard]] std::string name() const;
  // OCI media type of a layer blob of this profile.
  [[nodiscard]] std::string media_type() const;
  // `gzip`, `gzip:9`, `zstd`, `zstd:19`, `none`. Error: Input.
  static Result<EmissionProfile> parse(const std::string& text);
};

struct LayerBlob {
  Digest diff_id;
  Digest blob;
  std::uint64_t size = 0;
  bool operator==(const LayerBlob&) const = default;
};

// Receives a blob's bytes in order.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Result<void> write(const void* data, std::size_t size) = 0;
};

// The layer's bytes: tar (ustar, pax only where a field needs it), compressed, to the sink; diffID
// and blob digest from the same pass. The same bytes for any number of jobs, locale and file
// system. Error Corrupt: a file's bytes are not those of its digest (it changed while the build
// ran); Io.
[[nodiscard]] Result<LayerBlob> write_layer(const Tree& tree, const Content& content,
                                            const EmissionProfile& profile, unsigned jobs,
                                            ByteSink& sink);

// The uncompressed tar alone (output type=tar).
[[nodiscard]] Result<void> write_tar(const Tree& tree, const Content& content, ByteSink& sink);

// Opens a regular file that a lower layer of a chain holds (RootView::file_of), hidden or not.
using OpenBelow = std::function<Result<Fd>(const RootView::Found& found)>;

struct ReadLayerOptions {
  // Unpacks into this directory (exists, empty) when not "". Entries cannot leave it, whatever
  // their names, links and order.
  std::string unpack_to;
  // Refuses more uncompressed bytes than this.
  std::uint64_t max_bytes = std::uint64_t{64} << 30;
  // A hard link to a file that only a lower layer has becomes a file of this tree, with that file's
  // attributes. Its bytes are needed when unpacking: without this such a layer is an error then.
  OpenBelow open_below;
};

struct ReadLayer {
  Tree tree;
  Digest diff_id;
};

// Reads a layer blob (gzip, zstd or plain, by content) in one streaming pass into a diff tree
// against `below`: implied parents are taken from below (else 0755 0:0), `.wh.` entries become
// whiteouts, opaque markers are expanded. Malformed or hostile archives are Error Corrupt naming
// the entry.
[[nodiscard]] Result<ReadLayer> read_layer(const std::string& blob_path, const RootView& below,
                                           const ReadLayerOptions& options);

// Whether the file is an archive that ADD unpacks (tar, plain or compressed with gzip, bzip2, xz or
// zstd), by content.
[[nodiscard]] Result<bool> is_archive(const Fd& file);
struct UnpackedArchive {
  TreeWithContent files;
  // Directories of it that no member names: 0755 0:0 in the tree.
  std::set<std::string> implied;
  // Hard links to files that it does not hold, by path, with the paths that they name where it is
  // unpacked. Not in the tree; their parents are.
  std::map<std::string, std::string> outside;
};
// The archive's members as a tree with their bytes unpacked below `directory` (exists, empty).
// Owner, mode and mtime are the members'; whiteout names have no meaning here.
[[nodiscard]] Result<UnpackedArchive> unpack_archive(const Fd& file, const std::string& directory);

}  // namespace strata::backend
