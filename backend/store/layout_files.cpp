// The two files that make a store an image layout.
#include "backend/store/layout_files.h"

#include "backend/store/descriptor_json.h"
#include "backend/store/records.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

constexpr std::string_view kLayoutText = R"({"imageLayoutVersion":"1.0.0"})";

std::string layout_path(const StoreFiles& files) { return files.root + "/oci-layout"; }
std::string index_path(const StoreFiles& files) { return files.root + "/index.json"; }

// Whether the document and all that it names are there. Two levels: an index, its manifests.
bool is_complete(const Store& store, const Digest& document, int depth) {
  const Result<std::optional<std::string>> text = store.read_blob(document);
  if (!text || !*text) {
    return false;
  }
  const std::optional<DocumentLinks> links = document_links(**text);
  if (!links || (!links->manifests.empty() && depth == 0)) {
    return false;
  }
  for (const Digest& blob : links->blobs) {
    if (!store.blob_size(blob)) {
      return false;
    }
  }
  for (const Digest& manifest : links->manifests) {
    if (!is_complete(store, manifest, depth - 1)) {
      return false;
    }
  }
  return true;
}

Descriptor index_entry(const Ref& ref) {
  Descriptor entry = ref.manifest;
  entry.annotations = {{"io.containerd.image.name", ref.name},
                       {"org.opencontainers.image.ref.name", ref.name}};
  return entry;
}

Result<std::string> index_text(const Store& store) {
  STRATA_ASSIGN(const std::vector<Ref> refs, store.refs());
  std::vector<Descriptor> manifests;
  for (const Ref& ref : refs) {
    if (is_complete(store, ref.manifest.digest, 2)) {
      manifests.push_back(index_entry(ref));
    }
  }
  return print_layout_index(manifests);
}

Result<std::string> text_of(const std::string& path) {
  STRATA_ASSIGN(const Fd file, open_regular_file(path));
  return read_all(file, path);
}

// A file that cannot be read is not as it should be.
bool holds(const std::string& path, std::string_view text) {
  const Result<std::string> found = text_of(path);
  return found && *found == text;
}

// Whether it is the index of some of the images that have names, complete or not: that one of them
// has lost a blob is no damage of the index.
Result<bool> is_some_index(const Store& store, const std::string& path) {
  const Result<std::string> text = text_of(path);
  if (!text) {
    return false;
  }
  STRATA_ASSIGN(const std::vector<Ref> refs, store.refs());
  std::vector<Descriptor> listed;
  for (const Ref& ref : refs) {
    Descriptor entry = index_entry(ref);
    CanonicalJson json;
    write_descriptor(json, entry);
    if (text->find(json.text()) != std::string::npos) {
      listed.push_back(std::move(entry));
    }
  }
  return print_layout_index(listed) == *text;
}

Result<bool> restore(const StoreFiles& files, const std::string& path, std::string_view text) {
  if (holds(path, text)) {
    return false;
  }
  STRATA_TRY(files.publish_text(text, path, Existing::Replace));
  return true;
}

}  // namespace

Result<void> rewrite_index(const Store& store, const StoreFiles& files) {
  STRATA_ASSIGN(const std::string text, index_text(store));
  STRATA_TRY(files.publish_text(text, index_path(files), Existing::Replace));
  return {};
}

Result<void> restore_layout_files(const Store& store, const StoreFiles& files) {
  STRATA_TRY(restore(files, layout_path(files), kLayoutText));
  if (open_regular_file(index_path(files))) {
    return {};
  }
  STRATA_ASSIGN(const Fd guard, files.lock("index", {}));
  return rewrite_index(store, files);
}

Result<std::vector<std::string>> check_layout_files(const Store& store, const StoreFiles& files) {
  std::vector<std::string> restored;
  STRATA_ASSIGN(const bool layout, restore(files, layout_path(files), kLayoutText));
  if (layout) {
    restored.emplace_back("oci-layout");
  }
  STRATA_ASSIGN(const Fd guard, files.lock("index", {}));
  STRATA_ASSIGN(const bool is_index, is_some_index(store, index_path(files)));
  if (!is_index) {
    restored.emplace_back("index.json");
  }
  STRATA_ASSIGN(const std::string text, index_text(store));
  STRATA_TRY(restore(files, index_path(files), text));
  return restored;
}

}  // namespace strata::backend
