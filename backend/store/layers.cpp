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

}  // namespace

Result<std::optional<LayerBlob>> Store::layer(const Digest& tree,
                                              const std::string& profile) const {
  const std::string path = directory_of(*state_, tree) + "/" + encode_name(profile);
  const std::optional<std::string> body = state_->record(path);
  if (!body) {
    return std::optional<LayerBlob>();
  }
  std::optional<LayerBlob> layer = parse_layer(*body);
  if (!layer) {
    state_->quarantine(path);
    return std::optional<LayerBlob>();
  }
  const std::optional<std::uint64_t> size = blob_size(layer->blob);
  if (size && *size != layer->size) {
    // Truncated, most likely; moves it away if so.
    (void)verify_blob(layer->blob).ok();
  }
  if (size != layer->size) {
    return std::optional<LayerBlob>();
  }
  return layer;
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
    const std::optional<std::string> body = state_->record(path);
    const std::optional<LayerBlob> layer = body ? parse_layer(*body) : std::nullopt;
    if (layer && blob_size(layer->blob) == layer->size) {
      return layer;
    }
  }
  return std::optional<LayerBlob>();
}

}  // namespace strata::backend
