// Trees by digest, and the diff trees of pulled layers by chain ID.
#include "backend/store/records.h"
#include "backend/store/store_files.h"

namespace strata::backend {

Result<Digest> Store::put_tree(const Tree& tree) {
  const std::string text = print_tree(tree);
  const Digest digest = Digest::of(text);
  const std::string path = state_->in("trees", digest.hex());
  if (state_->checked_file(path, digest)) {
    return digest;
  }
  STRATA_TRY(state_->publish_text(text, path, Existing::Keep));
  return digest;
}

Result<std::optional<std::shared_ptr<const Tree>>> Store::tree(const Digest& digest) const {
  using Found = std::optional<std::shared_ptr<const Tree>>;
  if (std::shared_ptr<const Tree> cached = state_->cached_tree(digest)) {
    return Found(std::move(cached));
  }
  if (digest == empty_tree_digest()) {
    return Found(std::make_shared<const Tree>());
  }
  const std::string path = state_->in("trees", digest.hex());
  const std::optional<std::string> text = state_->checked_file(path, digest);
  if (!text) {
    return Found();
  }
  Result<Tree> parsed = parse_tree(*text);
  if (!parsed) {
    // Right bytes in a format that this version does not read.
    state_->quarantine(path);
    return Found();
  }
  auto shared = std::make_shared<const Tree>(*std::move(parsed));
  state_->cache_tree(digest, shared);
  return Found(std::move(shared));
}

Result<std::optional<Digest>> Store::chain_tree(const Digest& chain_id) const {
  const std::optional<std::string> body = state_->record(state_->in("chains", chain_id.hex()));
  return body ? parse_digest(*body) : std::nullopt;
}

Result<void> Store::put_chain_tree(const Digest& chain_id, const Digest& tree) {
  return state_->put_record(state_->in("chains", chain_id.hex()), print_digest(tree));
}

}  // namespace strata::backend
