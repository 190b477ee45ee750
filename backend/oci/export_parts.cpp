// What the outputs share: an image's blobs, its index entries, the members of an archive.
#include "backend/oci/export_parts.h"

#include <fmt/format.h>

#include <utility>

#include "backend/store/outgoing.h"
#include "backend/system/files.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

constexpr int kMaxDepth = 4;

Result<void> add_blobs(const Store& store, const Descriptor& descriptor, int depth,
                       std::map<Digest, Descriptor>& blobs) {
  STRATA_ASSIGN(const std::optional<std::string> text, store.read_blob(descriptor.digest));
  if (!text) {
    return blob_error(descriptor.digest);
  }
  STRATA_ASSIGN(const Document document, read_document(*text, descriptor.media_type));
  blobs.emplace(descriptor.digest, descriptor);
  if (document.index) {
    if (depth == 0) {
      return Error{ErrorCode::Corrupt, "image " + descriptor.digest.str() + ": nested too deeply"};
    }
    for (const Descriptor& entry : *document.index) {
      STRATA_TRY(add_blobs(store, entry, depth - 1, blobs));
    }
    return {};
  }
  std::vector<Descriptor> parts = document.manifest->layers;
  parts.push_back(document.manifest->config);
  for (const Descriptor& part : parts) {
    if (store.blob_size(part.digest) != part.size) {
      STRATA_TRY(store.verify_blob(part.digest));
      return blob_error(part.digest);
    }
    blobs.emplace(part.digest, part);
  }
  return {};
}

TreeEntry directory(std::string path) {
  TreeEntry entry;
  entry.path = std::move(path);
  entry.type = EntryType::Directory;
  entry.mode = 0755;
  return entry;
}

TreeEntry file(std::string path, std::uint64_t size, const Digest& sha256) {
  TreeEntry entry;
  entry.path = std::move(path);
  entry.mode = 0644;
  entry.size = size;
  entry.sha256 = sha256;
  return entry;
}

Result<TreeWithContent> archive_members(const Store& store,
                                        const std::map<Digest, Descriptor>& blobs,
                                        std::map<std::string, std::string> files) {
  auto tree = std::make_shared<Tree>();
  tree->entries.push_back(directory("blobs"));
  tree->entries.push_back(directory("blobs/sha256"));
  STRATA_ASSIGN(const std::shared_ptr<const Content> stored,
                directory_content(store.path() + "/blobs/sha256"));
  std::map<std::string, ContentRef> content;
  for (const auto& [digest, descriptor] : blobs) {
    const std::string path = "blobs/sha256/" + digest.hex();
    tree->entries.push_back(file(path, descriptor.size, digest));
    content[path] = {stored, digest.hex()};
  }
  for (const auto& [path, text] : files) {
    tree->entries.push_back(file(path, text.size(), Digest::of(text)));
  }
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const auto& [path, text] : files) {
    paths.push_back(path);
  }
  const std::shared_ptr<const Content> made = memory_content(std::move(files));
  for (const std::string& path : paths) {
    content[path] = {made, path};
  }
  sort_tree(*tree);
  return TreeWithContent{tree, mapped_content(std::move(content))};
}

}  // namespace

Result<std::map<Digest, Descriptor>> blobs_of(const Store& store, const Descriptor& image) {
  std::map<Digest, Descriptor> blobs;
  STRATA_TRY(add_blobs(store, image, kMaxDepth, blobs));
  return blobs;
}

std::vector<Descriptor> index_entries(const Descriptor& image,
                                      const std::vector<std::string>& names) {
  std::vector<Descriptor> entries;
  Descriptor entry = image;
  entry.annotations.clear();
  for (const std::string& name : names) {
    // As buildx does: tools that know layouts take the tag (`skopeo … oci:dir:tag`), containerd and
    // podman the full name.
    const std::optional<ir::Reference> reference = ir::Reference::parse(name);
    const std::string full = reference ? reference->str() : name;
    const std::string tag = reference && !reference->tag.empty() ? reference->tag : full;
    entry.annotations = {{"io.containerd.image.name", full},
                         {"org.opencontainers.image.ref.name", tag}};
    entries.push_back(entry);
  }
  if (entries.empty()) {
    entries.push_back(entry);
  }
  return entries;
}

Result<void> write_blob_archive(const Store& store, const std::map<Digest, Descriptor>& blobs,
                                std::map<std::string, std::string> files, const std::string& dest) {
  STRATA_ASSIGN(const TreeWithContent members, archive_members(store, blobs, std::move(files)));
  Result<void> written = write_archive(members, dest);
  if (written || written.error().code != ErrorCode::Corrupt) {
    return written;
  }
  for (const auto& [digest, descriptor] : blobs) {
    STRATA_ASSIGN(const bool is_right, store.rehash_blob(digest));
    if (!is_right) {
      return blob_error(digest);
    }
  }
  return written;
}

}  // namespace strata::backend::oci
