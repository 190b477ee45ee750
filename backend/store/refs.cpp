// Names of images, and index.json, which shows them to other tools.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/store/records.h"
#include "backend/store/store_files.h"
#include "backend/system/files.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

std::string ref_path(const StoreFiles& files, const std::string& name) {
  return files.in("refs", encode_name(name));
}

std::string resolved_path(const StoreFiles& files, const std::string& ref,
                          const std::string& platform) {
  return files.in("resolved", encode_name(ref + "," + platform));
}

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

Result<void> rewrite_index(const Store& store, const StoreFiles& files) {
  STRATA_ASSIGN(const std::vector<Ref> refs, store.refs());
  std::vector<Descriptor> manifests;
  for (const Ref& ref : refs) {
    if (is_complete(store, ref.manifest.digest, 2)) {
      Descriptor entry = ref.manifest;
      entry.annotations = {{"io.containerd.image.name", ref.name},
                           {"org.opencontainers.image.ref.name", ref.name}};
      manifests.push_back(std::move(entry));
    }
  }
  STRATA_TRY(files.publish_text(print_layout_index(manifests), files.root + "/index.json",
                                Existing::Replace));
  return {};
}

}  // namespace

Result<void> Store::set_ref(const std::string& name, const Descriptor& manifest) {
  if (name.empty() || !is_utf8(name)) {
    return Error{ErrorCode::Input, "`" + name + "` is no image name"};
  }
  STRATA_ASSIGN(const Fd guard, state_->lock("index", {}));
  STRATA_TRY(state_->put_record(ref_path(*state_, name), print_ref({name, manifest})));
  return rewrite_index(*this, *state_);
}

Result<void> Store::remove_ref(const std::string& name) {
  STRATA_ASSIGN(const Fd guard, state_->lock("index", {}));
  const std::string path = ref_path(*state_, name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return state_->failure(path, errno);
  }
  STRATA_TRY(sync_directory(state_->root + "/refs"));
  return rewrite_index(*this, *state_);
}

Result<std::optional<Descriptor>> Store::ref(const std::string& name) const {
  const std::string path = ref_path(*state_, name);
  const std::optional<std::string> body = state_->record(path);
  std::optional<Ref> found = body ? parse_ref(*body) : std::nullopt;
  if (body && !found) {
    state_->quarantine(path);
  }
  return found ? std::optional(std::move(found->manifest)) : std::nullopt;
}

Result<std::vector<Ref>> Store::refs() const {
  STRATA_ASSIGN(const std::vector<std::string> names, list_directory(state_->root + "/refs"));
  std::vector<Ref> refs;
  for (const std::string& name : names) {
    const std::optional<std::string> body = state_->record(state_->in("refs", name));
    if (std::optional<Ref> found = body ? parse_ref(*body) : std::nullopt) {
      refs.push_back(*std::move(found));
    }
  }
  std::sort(refs.begin(), refs.end(), [](const Ref& a, const Ref& b) { return a.name < b.name; });
  return refs;
}

Result<std::optional<Descriptor>> Store::image(const Digest& key) const {
  const std::optional<std::string> body = state_->record(state_->in("keys", key.hex()));
  std::optional<Ref> found = body ? parse_ref(*body) : std::nullopt;
  return found ? std::optional(std::move(found->manifest)) : std::nullopt;
}

Result<void> Store::put_image(const Digest& key, const Descriptor& manifest) {
  return state_->put_record(state_->in("keys", key.hex()), print_ref({"", manifest}));
}

Result<std::optional<Digest>> Store::resolved(const std::string& ref,
                                              const std::string& platform) const {
  const std::optional<std::string> body = state_->record(resolved_path(*state_, ref, platform));
  const std::optional<ResolvedRecord> found = body ? parse_resolved(*body) : std::nullopt;
  return found ? std::optional(found->manifest) : std::nullopt;
}

Result<void> Store::put_resolved(const std::string& ref, const std::string& platform,
                                 const Digest& manifest) {
  return state_->put_record(resolved_path(*state_, ref, platform),
                            print_resolved({ref, platform, manifest}));
}

}  // namespace strata::backend
