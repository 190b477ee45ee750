// Layer blobs by tree and emission profile.
#include <sys/stat.h>

#include <cerrno>

#include "backend/store/records.h"
#include "backend/store/store_files.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

std::string directory_of(const StoreFiles& files, const Digest& tree) {
  return files.in("layers", tree.hex());
}

// A record that parses, if the blob that it names is right.
Result<std::optional<LayerBlob>> read_layer_record(const Store& store, const StoreFiles& files,
                                                   const std::string& path) {
  const std::optional<std::string> body = files.record(path);
  if (!body) {
    return std::optional<LayerBlob>();
  }
  std::optional<LayerBlob> layer = parse_layer(*body);
  if (!layer) {
    files.quarantine(path);
    return layer;
  }
  STRATA_ASSIGN(const bool right, store.verify_blob(layer->blob));
  if (!right || store.blob_size(layer->blob) != layer->size) {
    return std::optional<LayerBlob>();
  }
  return layer;
}

}  // namespace

Result<std::optional<LayerBlob>> Store::layer(const Digest& tree,
                                              const std::string& profile) const {
  return read_layer_record(*this, *state_,
                           directory_of(*state_, tree) + "/" + encode_name(profile));
}

Result<void> Store::put_layer(const Digest& tree, const std::string& profile,
                              const LayerBlob& layer) {
  const std::string directory = directory_of(*state_, tree);
  if (::mkdir(directory.c_str(), 0755) == 0) {
    STRATA_TRY(sync_directory(state_->root + "/layers"));
  } else if (errno != EEXIST) {
    return state_->failure(directory, errno);
  }
  return state_->put_record(directory + "/" + encode_name(profile), print_layer(layer));
}

Result<std::optional<LayerBlob>> Store::any_layer(const Digest& tree) const {
  const std::string directory = directory_of(*state_, tree);
  const Result<std::vector<std::string>> names = list_directory(directory);
  if (!names) {
    return std::optional<LayerBlob>();
  }
  for (const std::string& name : *names) {
    if (!is_encoded_name(name)) {
      continue;
    }
    std::string path = directory;
    path.append("/").append(name);
    STRATA_ASSIGN(const std::optional<LayerBlob> layer, read_layer_record(*this, *state_, path));
    if (layer) {
      return layer;
    }
  }
  return std::optional<LayerBlob>();
}

}  // namespace strata::backend
