// Reads everything that a store holds, for gc. What cannot be read ends it: a reference that is
// taken for lost would take its image with it. Names that no store writes are left alone.
#include "backend/store/inventory.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "backend/store/records.h"
#include "backend/store/root_marker.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

using Record = Inventory::Record;

// A larger file is no document, whatever names it.
constexpr std::uint64_t kMaxDocument = std::uint64_t{64} << 20;

Result<std::optional<struct stat>> status_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    return std::optional(status);
  }
  return errno == ENOENT ? Result<std::optional<struct stat>>(std::nullopt)
                         : errno_error(path, errno);
}

class Reader {
 public:
  Reader(const Store& store, const StoreFiles& files) : store_(&store), files_(&files) {}

  Result<Inventory> read() {
    STRATA_TRY(read_objects("blobs/sha256", inventory_.blobs));
    STRATA_TRY(read_objects("trees", inventory_.trees));
    STRATA_TRY(read_roots());
    STRATA_TRY(read_names("refs", Record::Kind::Ref));
    STRATA_TRY(read_names("keys", Record::Kind::Key));
    STRATA_TRY(read_names("resolved", Record::Kind::Resolved));
    STRATA_TRY(read_steps());
    STRATA_TRY(read_chains());
    STRATA_TRY(read_layers());
    STRATA_TRY(read_leftovers("quarantine", is_quarantined_name));
    STRATA_TRY(read_leftovers(
        "failed", [](const std::string& name) { return digest_of_name(name).has_value(); }));
    STRATA_TRY(read_leftovers("tmp", is_download_name));
    STRATA_TRY(read_leftovers(".", is_temporary_name));
    return std::move(inventory_);
  }

 private:
  Result<void> read_objects(const char* directory, std::map<Digest, Inventory::Object>& out) {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of(directory));
    for (const std::string& name : names) {
      if (const std::optional<Digest> digest = digest_of_name(name)) {
        STRATA_ASSIGN(const Inventory::Object object, object_at(files_->in(directory, name)));
        out.emplace(*digest, object);
      }
    }
    return {};
  }

  Result<void> read_roots() {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of("roots"));
    for (const std::string& name : names) {
      const std::string path = files_->in("roots", name);
      if (name.ends_with(kRootMarker)) {
        STRATA_TRY(read_lone_marker(path, name.substr(0, name.size() - kRootMarker.size())));
        continue;
      }
      const std::optional<Digest> digest = digest_of_name(name);
      if (!digest) {
        continue;
      }
      STRATA_ASSIGN(const Record marker,
                    record_at(Record::Kind::Ref, path + std::string(kRootMarker)));
      STRATA_ASSIGN(const std::optional<std::string> body, body_of(marker));
      const std::optional<RootMarker> note = body ? parse_root_marker(*body) : std::nullopt;
      if (note) {
        inventory_.roots.emplace(*digest, Inventory::Object{path, note->bytes, marker.used});
      } else {
        inventory_.leftovers.push_back({path, 0, 0});
      }
    }
    return {};
  }

  // A marker goes with its root, or alone when there is none.
  Result<void> read_lone_marker(const std::string& path, const std::string& root) {
    if (digest_of_name(root)) {
      STRATA_ASSIGN(const auto status, status_of(files_->in("roots", root)));
      if (!status) {
        STRATA_TRY(add_leftover(path));
      }
    }
    return {};
  }

  Result<void> read_names(const char* directory, Record::Kind kind) {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of(directory));
    for (const std::string& name : names) {
      if (!is_encoded_name(name)) {
        continue;
      }
      STRATA_ASSIGN(Record record, record_at(kind, files_->in(directory, name)));
      STRATA_ASSIGN(const std::optional<std::string> body, body_of(record));
      if (body && kind == Record::Kind::Resolved) {
        if (const std::optional<ResolvedRecord> resolved = parse_resolved(*body)) {
          record.manifest = resolved->manifest;
        }
      } else if (body) {
        if (const std::optional<Ref> ref = parse_ref(*body)) {
          record.manifest = ref->manifest.digest;
        }
      }
      const bool is_sound = record.manifest.has_value();
      if (is_sound) {
        STRATA_TRY(read_document(*record.manifest));
      }
      add(std::move(record), is_sound);
    }
    return {};
  }

  Result<void> read_steps() {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of("steps"));
    for (const std::string& name : names) {
      const std::string path = files_->in("steps", name);
      const std::string step = name.substr(0, name.find('.'));
      if (!digest_of_name(step)) {
        continue;
      }
      const std::string suffix = name.substr(step.size());
      if (suffix.empty() || suffix == kStartSuffix) {
        // They go with the step's results, or alone when it has none.
        STRATA_ASSIGN(const auto status,
                      status_of(files_->in("steps", step + std::string(kResultsSuffix))));
        if (!status) {
          STRATA_TRY(add_leftover(path));
        }
        continue;
      }
      if (suffix != kResultsSuffix) {
        continue;
      }
      STRATA_ASSIGN(Record record, record_at(Record::Kind::Step, path));
      record.paths.push_back(files_->in("steps", step));
      STRATA_ASSIGN(const auto start,
                    status_of(files_->in("steps", step + std::string(kStartSuffix))));
      if (start) {
        record.paths.push_back(files_->in("steps", step + std::string(kStartSuffix)));
        record.bytes += static_cast<std::uint64_t>(start->st_size);
      }
      STRATA_ASSIGN(const std::optional<std::string> body, body_of(record));
      const auto results = body ? parse_results(*body) : std::nullopt;
      if (results) {
        for (const StepResult& result : *results) {
          record.trees.push_back(result.tree);
        }
      }
      add(std::move(record), results.has_value());
    }
    return {};
  }

  Result<void> read_chains() {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of("chains"));
    for (const std::string& name : names) {
      if (!digest_of_name(name)) {
        continue;
      }
      STRATA_ASSIGN(Record record, record_at(Record::Kind::Chain, files_->in("chains", name)));
      STRATA_ASSIGN(const std::optional<std::string> body, body_of(record));
      const std::optional<Digest> tree = body ? parse_digest(*body) : std::nullopt;
      if (tree) {
        record.trees.push_back(*tree);
      }
      add(std::move(record), tree.has_value());
    }
    return {};
  }

  Result<void> read_layers() {
    STRATA_ASSIGN(const std::vector<std::string> trees, names_of("layers"));
    for (const std::string& name : trees) {
      const std::optional<Digest> tree = digest_of_name(name);
      const std::string path = files_->in("layers", name);
      STRATA_ASSIGN(const auto status, status_of(path));
      if (!tree || !status || !S_ISDIR(status->st_mode)) {
        continue;
      }
      STRATA_ASSIGN(const std::vector<std::string> profiles, names_of("layers/" + name));
      if (profiles.empty()) {
        STRATA_TRY(add_leftover(path));
      }
      for (const std::string& profile : profiles) {
        if (is_encoded_name(profile)) {
          STRATA_TRY(read_layer_record(*tree, files_->in("layers/" + name, profile)));
        }
      }
    }
    return {};
  }

  Result<void> read_layer_record(const Digest& tree, const std::string& path) {
    STRATA_ASSIGN(Record record, record_at(Record::Kind::Layer, path));
    STRATA_ASSIGN(const std::optional<std::string> body, body_of(record));
    const std::optional<LayerBlob> layer = body ? parse_layer(*body) : std::nullopt;
    record.trees.push_back(tree);
    if (layer) {
      record.blob = layer->blob;
    }
    // Without its blob it says nothing.
    const bool is_sound = layer && inventory_.blobs.count(layer->blob) != 0;
    add(std::move(record), is_sound);
    return {};
  }

  template <typename Accept>
  Result<void> read_leftovers(const char* directory, Accept accept) {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of(directory));
    for (const std::string& name : names) {
      if (accept(name)) {
        STRATA_TRY(add_leftover(files_->in(directory, name)));
      }
    }
    return {};
  }

  void add(Record record, bool is_sound) {
    if (is_sound) {
      inventory_.records.push_back(std::move(record));
      return;
    }
    for (const std::string& path : record.paths) {
      inventory_.leftovers.push_back({path, 0, 0});
    }
  }

  Result<void> add_leftover(const std::string& path) {
    STRATA_ASSIGN(Inventory::Object object, object_at(path));
    inventory_.leftovers.push_back(std::move(object));
    return {};
  }

  // What a document names, to be marked with it.
  Result<void> read_document(const Digest& top) {
    if (inventory_.documents.count(top) != 0) {
      return {};
    }
    std::set<Digest> reached;
    std::vector<Digest> open{top};
    while (!open.empty()) {
      const Digest digest = open.back();
      open.pop_back();
      if (!reached.insert(digest).second) {
        continue;
      }
      const auto blob = inventory_.blobs.find(digest);
      if (blob == inventory_.blobs.end() || blob->second.bytes > kMaxDocument) {
        continue;
      }
      STRATA_ASSIGN(const std::optional<std::string> text,
                    files_->read_checked(store_->blob_path(digest), digest));
      const auto links = text ? document_links(*text) : std::nullopt;
      if (links) {
        reached.insert(links->blobs.begin(), links->blobs.end());
        open.insert(open.end(), links->manifests.begin(), links->manifests.end());
      }
    }
    inventory_.documents.emplace(top, std::move(reached));
    return {};
  }

  [[nodiscard]] Result<std::vector<std::string>> names_of(const std::string& directory) const {
    return list_directory(files_->root + "/" + directory);
  }

  [[nodiscard]] static Result<Inventory::Object> object_at(const std::string& path) {
    Inventory::Object object{path, 0, 0};
    STRATA_ASSIGN(const auto status, status_of(path));
    if (status && S_ISREG(status->st_mode)) {
      object.bytes = static_cast<std::uint64_t>(status->st_size);
    }
    return object;
  }

  [[nodiscard]] static Result<Record> record_at(Record::Kind kind, const std::string& path) {
    Record record;
    record.kind = kind;
    record.paths.push_back(path);
    STRATA_ASSIGN(const auto status, status_of(path));
    if (status) {
      record.bytes = static_cast<std::uint64_t>(status->st_size);
      record.used = status->st_mtime;
    }
    return record;
  }

  [[nodiscard]] Result<std::optional<std::string>> body_of(const Record& record) const {
    return files_->read_record(record.paths.front(), Use::Ignored);
  }

  const Store* store_;
  const StoreFiles* files_;
  Inventory inventory_;
};

}  // namespace

Result<Inventory> take_inventory(const Store& store, const StoreFiles& files) {
  return Reader(store, files).read();
}

}  // namespace strata::backend
