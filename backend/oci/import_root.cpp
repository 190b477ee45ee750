// A root file system tar becomes an image of one layer of strata's own making.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "backend/layer/layer.h"
#include "backend/oci/archive_kind.h"
#include "backend/oci/import_parts.h"
#include "backend/system/files.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/image_config.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

// zip files cannot hold an earlier time.
constexpr std::int64_t kEarliest = 315532800;

// Compressed in a way that read_layer does not read: xz, bzip2, lzma.
Result<bool> needs_decompression(const std::string& path) {
  STRATA_ASSIGN(const Fd file, open_read(path));
  std::array<char, 8> head{};
  const ssize_t size = ::pread(file.get(), head.data(), head.size(), 0);
  const std::string_view start(head.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  constexpr std::string_view kXz(
      "\xfd"
      "7zXZ\0",
      6);
  return start.substr(0, 6) == kXz || start.substr(0, 3) == "BZh" ||
         start.substr(0, 3) == std::string_view("\x5d\0\0", 3);
}

struct Layer {
  LayerBlob blob;
  std::string media_type;
};

// Read, unpacked, and packed again: sorted and complete, whatever tool wrote the tar.
Result<Layer> make_layer(Store& store, const std::string& path) {
  STRATA_ASSIGN(const std::string scratch, store.new_scratch("import"));
  ReadLayerOptions options;
  options.unpack_to = scratch;
  STRATA_ASSIGN(const ReadLayer read, read_layer(path, RootView({}), options));
  STRATA_ASSIGN(const Digest tree, store.put_tree(read.tree));
  STRATA_ASSIGN(const std::string root, store.put_root(tree, scratch));
  STRATA_ASSIGN(const std::shared_ptr<const Content> content, directory_content(root));
  STRATA_ASSIGN(const std::unique_ptr<Store::BlobWriter> writer, store.new_blob());
  const EmissionProfile profile;
  const unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  Layer layer;
  STRATA_ASSIGN(layer.blob, write_layer(read.tree, *content, profile, jobs, *writer));
  layer.media_type = profile.media_type();
  STRATA_TRY(writer->commit(layer.media_type, layer.blob.blob));
  STRATA_TRY(store.put_layer(tree, profile.name(), layer.blob));
  // The chain ID of the lowest layer is its diffID.
  STRATA_TRY(store.put_chain_tree(layer.blob.diff_id, tree));
  return layer;
}

ir::ImageConfig make_config(const ImportRequest& request, const Layer& layer) {
  ir::ImageConfig config;
  const std::string platform =
      ir::normalize_platform(request.platform.empty() ? ir::host_platform() : request.platform)
          .value_or(request.platform);
  const ir::Platform parts = ir::split_platform(platform);
  config.os = parts.os;
  config.architecture = parts.architecture;
  config.variant = parts.variant;
  config.created = std::max(request.created, kEarliest);
  config.diff_ids = {layer.blob.diff_id};
  ir::HistoryEntry entry;
  entry.created = config.created;
  entry.created_by = "strata import";
  config.history = {entry};
  ir::apply(request.config, config);
  return config;
}

}  // namespace

Result<Imported> import_root(Store& store, const ImportRequest& request) {
  if (!request.platform.empty() && !ir::normalize_platform(request.platform)) {
    return Error{ErrorCode::Input, fmt::format("`{}` is no platform", request.platform)};
  }
  std::string path = request.path;
  STRATA_ASSIGN(const bool is_foreign, needs_decompression(path));
  if (is_foreign) {
    STRATA_ASSIGN(path, store.new_scratch("decompressed"));
    path += "/root.tar";
    STRATA_TRY(decompress(request.path, path));
  }
  STRATA_ASSIGN(const Layer layer, make_layer(store, path));
  if (is_foreign) {
    STRATA_TRY(remove_tree(path));
  }
  Manifest manifest;
  const std::string config = write_config(make_config(request, layer));
  STRATA_ASSIGN(manifest.config.digest, store.put_blob(config));
  manifest.config.media_type = kConfigType;
  manifest.config.size = config.size();
  Descriptor descriptor;
  descriptor.media_type = layer.media_type;
  descriptor.digest = layer.blob.blob;
  descriptor.size = layer.blob.size;
  manifest.layers = {descriptor};
  const std::string document = write_manifest(manifest);
  Imported imported;
  STRATA_ASSIGN(imported.manifest.digest, store.put_blob(document));
  imported.manifest.media_type = kManifestType;
  imported.manifest.size = document.size();
  return imported;
}

}  // namespace strata::backend::oci
