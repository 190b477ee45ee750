// Names of images, image keys and resolved references.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/store/layout_files.h"
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

}  // namespace

Result<void> Store::set_ref(const std::string& name, const Descriptor& manifest,
                            const LocalMounts& mounts) {
  if (name.empty() || !is_utf8(name)) {
    return Error{ErrorCode::Input, "`" + name + "` is no image name"};
  }
  STRATA_ASSIGN(const Fd guard, state_->lock("index", {}));
  STRATA_TRY(state_->put_record(ref_path(*state_, name), print_ref({name, manifest, mounts})));
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
    const std::optional<std::string> body =
        is_encoded_name(name) ? state_->record(state_->in("refs", name)) : std::nullopt;
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
  return state_->put_record(state_->in("keys", key.hex()), print_ref({"", manifest, {}}));
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
