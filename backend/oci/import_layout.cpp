// Images out of an OCI image layout.
#include <fmt/format.h>

#include <algorithm>

#include "backend/oci/import_parts.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

constexpr int kMaxDepth = 4;

std::string annotation(const Descriptor& entry, std::string_view name) {
  for (const auto& [key, value] : entry.annotations) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

// What the entry is called: in full where containerd and docker said so, else as in the layout.
std::string name_of(const Descriptor& entry) {
  std::string full = annotation(entry, "io.containerd.image.name");
  return full.empty() ? annotation(entry, "org.opencontainers.image.ref.name") : full;
}

bool is_called(const Descriptor& entry, const std::string& name) {
  const auto wanted = ir::Reference::parse(name);
  for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
    const std::string text = annotation(entry, key);
    if (!text.empty() && (text == name || (wanted && ir::Reference::parse(text) == wanted))) {
      return true;
    }
  }
  return wanted && !wanted->tag.empty() &&
         annotation(entry, "org.opencontainers.image.ref.name") == wanted->tag;
}

Error ambiguous(const std::string& path, const std::vector<Descriptor>& entries) {
  std::string names;
  for (const Descriptor& entry : entries) {
    const std::string name = name_of(entry);
    names += (names.empty() ? "" : ", ") + (name.empty() ? entry.digest.str() : name);
  }
  return {ErrorCode::Input, fmt::format("`{}` holds {} images, none of the name given: {}", path,
                                        entries.size(), names)};
}

Result<Descriptor> choose(const ImportRequest& request, const std::vector<Descriptor>& entries,
                          const std::string& platform) {
  if (entries.empty()) {
    return Error{ErrorCode::Input, fmt::format("`{}` holds no image", request.path)};
  }
  std::vector<Descriptor> found;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(found),
               [&](const Descriptor& entry) { return is_called(entry, request.name); });
  if (found.empty()) {
    found = entries;
  }
  if (found.size() == 1) {
    return found.front();
  }
  // Several platforms of one image are no ambiguity.
  const bool one_name = std::all_of(found.begin(), found.end(), [&](const Descriptor& entry) {
    return name_of(entry) == name_of(found.front()) && !entry.platform.empty();
  });
  const std::optional<Descriptor> selected =
      one_name ? select_platform(found, platform) : std::nullopt;
  return selected ? Result<Descriptor>(*selected) : ambiguous(request.path, found);
}

Result<std::string> read_document_blob(Store& store, const std::string& directory,
                                       const Descriptor& descriptor) {
  STRATA_ASSIGN(std::string text,
                read_inside(directory, "blobs/sha256/" + descriptor.digest.hex()));
  if (Digest::of(text) != descriptor.digest || text.size() != descriptor.size) {
    return Error{ErrorCode::Corrupt,
                 fmt::format("blob {}: found {} bytes with the digest {}", descriptor.digest.str(),
                             text.size(), Digest::of(text).str())};
  }
  STRATA_TRY(store.put_blob(text));
  return text;
}

Result<void> import_blob(Store& store, const std::string& directory, const Descriptor& descriptor) {
  if (store.blob_size(descriptor.digest) == descriptor.size) {
    STRATA_ASSIGN(const bool is_right, store.verify_blob(descriptor.digest));
    if (is_right) {
      return {};
    }
  }
  Result<Fd> file = open_inside(directory, "blobs/sha256/" + descriptor.digest.hex());
  if (!file) {
    return Error{ErrorCode::Corrupt, fmt::format("blob {}: {}", descriptor.digest.str(),
                                                 std::move(file).error().message)};
  }
  STRATA_ASSIGN(const Descriptor stored,
                put_file(store, *file, descriptor.media_type, descriptor.digest));
  if (stored.size != descriptor.size) {
    return Error{ErrorCode::Corrupt,
                 fmt::format("blob {}: {} bytes, its manifest says {}", stored.digest.str(),
                             stored.size, descriptor.size)};
  }
  return {};
}

}  // namespace

Result<Imported> import_layout(Store& store, const ImportRequest& request,
                               const std::string& directory) {
  const std::string platform = request.platform.empty() ? ir::host_platform() : request.platform;
  STRATA_ASSIGN(const std::string index, read_inside(directory, "index.json"));
  STRATA_ASSIGN(Document document, read_document(index, std::string(kIndexType)));
  STRATA_ASSIGN(Descriptor descriptor, choose(request, *document.index, platform));
  Imported imported;
  imported.name = name_of(descriptor);
  for (int depth = 0;; ++depth) {
    STRATA_ASSIGN(const std::string text, read_document_blob(store, directory, descriptor));
    STRATA_ASSIGN(document, read_document(text, descriptor.media_type));
    if (document.manifest) {
      break;
    }
    const std::optional<Descriptor> entry = select_platform(*document.index, platform);
    if (!entry || depth == kMaxDepth) {
      return Error{ErrorCode::NotFound,
                   fmt::format("`{}`: no image for {}", request.path, platform)};
    }
    descriptor = *entry;
  }
  STRATA_TRY(import_blob(store, directory, document.manifest->config));
  for (const Descriptor& layer : document.manifest->layers) {
    STRATA_TRY(import_blob(store, directory, layer));
  }
  imported.manifest = descriptor;
  return imported;
}

}  // namespace strata::backend::oci
