#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/context/context.h"
#include "backend/oci/image.h"
#include "backend/registry/registry.h"
#include "backend/store/store.h"
#include "ir/sources.h"

namespace strata::backend {

// How references are resolved.
enum class Freshness {
  // What the store knows, else the registry.
  PreferStore,
  // The registry, whatever the store knows (--update).
  Update,
  // The store alone (--offline).
  Offline,
};

struct SourceOptions {
  // Directories of the build contexts, by name; "" is the main one.
  std::map<std::string, std::string> contexts;
  // Directory of the main input file.
  std::string file_directory;
  Freshness freshness = Freshness::PreferStore;
  unsigned jobs = 1;
};

// A selection and the bytes of its files, by path relative to its context.
struct BoundSelection {
  std::shared_ptr<const Selection> selection;
  std::shared_ptr<const Content> content;
};

// The world as frontends and the builder see it: texts, base images, local files. Remembers every
// image and selection that it bound, for the builder, and every path that it read, for the depfile.
// Used by one thread while lowering; the getters are for the builder's threads afterwards.
class Sources final : public ir::SourceLoader, public ir::SourceResolver {
 public:
  // `store`, `registry` and `stat_cache` must outlive this; `stat_cache` may be nullptr.
  Sources(Store& store, Registry& registry, StatCache* stat_cache, SourceOptions options);
  ~Sources() override;

  Result<std::string> load(const std::string& context, const std::string& path) override;
  Result<std::string> load_beside(const std::string& path) override;
  Result<std::optional<ir::ImageBinding>> image(const ir::ImageRequest& request) override;
  Result<std::optional<ir::LocalBinding>> local(const ir::LocalRequest& request) override;

  // What an image op's manifest stands for; nullptr when it was not resolved here.
  [[nodiscard]] const oci::Image* bound_image(const Digest& manifest) const;
  // The selection that a local op's tree digest names; nullptr when it was not bound here. Of equal
  // ones, in whatever contexts, it is the one that was bound last.
  [[nodiscard]] const BoundSelection* bound_selection(const Digest& tree) const;
  // Every file read as text, in the order of first reading, as given to open(2).
  [[nodiscard]] const std::vector<std::string>& texts_read() const { return texts_read_; }

 private:
  Result<Context*> context(const std::string& name);
  Result<std::optional<oci::Image>> from_store(const ir::Reference& reference,
                                               const std::string& platform);
  Result<oci::Image> resolve(const ir::Reference& reference, const std::string& platform);
  [[nodiscard]] Result<std::string> lost_advice(const ir::Reference& reference) const;

  Store* store_;
  Registry* registry_;
  StatCache* stat_cache_;
  SourceOptions options_;
  std::map<std::string, std::unique_ptr<Context>> contexts_;
  std::map<Digest, oci::Image> images_;
  std::map<Digest, BoundSelection> selections_;
  std::vector<std::string> texts_read_;
};

}  // namespace strata::backend
