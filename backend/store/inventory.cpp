// Reads everything that a store holds, for gc.
#include "backend/store/inventory.h"

#include <sys/stat.h>

#include <charconv>

#include "backend/store/records.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

using Record = Inventory::Record;

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return status;
}

std::optional<Digest> digest_of_name(const std::string& name) {
  return Digest::parse("sha256:" + name);
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
    STRATA_TRY(read_all_as_leftovers("quarantine", ""));
    STRATA_TRY(read_all_as_leftovers("failed", ""));
    STRATA_TRY(read_all_as_leftovers("tmp", "download-"));
    STRATA_TRY(read_all_as_leftovers(".", ".strata-"));
    return std::move(inventory_);
  }

 private:
  Result<void> read_objects(const char* directory, std::map<Digest, Inventory::Object>& out) {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of(directory));
    for (const std::string& name : names) {
      const Inventory::Object object = object_at(files_->in(directory, name));
      if (const std::optional<Digest> digest = digest_of_name(name)) {
        out.emplace(*digest, object);
      } else {
        inventory_.leftovers.push_back(object);
      }
    }
    return {};
  }

  Result<void> read_roots() {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of("roots"));
    for (const std::string& name : names) {
      const std::string path = files_->in("roots", name);
      if (name.size() == 67 && name.compare(64, 3, ".ok") == 0) {
        if (!exists(files_->in("roots", name.substr(0, 64)))) {
          inventory_.leftovers.push_back(object_at(path));
        }
        continue;
      }
      const std::optional<Digest> digest = digest_of_name(name);
      Record marker = record_at(Record::Kind::Ref, path + ".ok");
      const std::optional<std::string> bytes = body_of(marker);
      if (!digest || !bytes) {
        inventory_.leftovers.push_back({path, 0, 0});
        continue;
      }
      Inventory::Object root{path, 0, marker.used};
      (void)std::from_chars(bytes->data(), bytes->data() + bytes->size(), root.bytes);
      inventory_.roots.emplace(*digest, root);
    }
    return {};
  }

  Result<void> read_names(const char* directory, Record::Kind kind) {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of(directory));
    for (const std::string& name : names) {
      Record record = record_at(kind, files_->in(directory, name));
      const std::optional<std::string> body = body_of(record);
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
        read_document(*record.manifest);
      }
      add(std::move(record), is_sound);
    }
    return {};
  }

  Result<void> read_steps() {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of("steps"));
    for (const std::string& name : names) {
      const std::string path = files_->in("steps", name);
      if (name.size() == 64) {
        // The record of a step: it goes with its results, or alone when it has none.
        if (!exists(path + ".results")) {
          inventory_.leftovers.push_back(object_at(path));
        }
        continue;
      }
      Record record = record_at(Record::Kind::Step, path);
      record.paths.push_back(files_->in("steps", name.substr(0, 64)));
      const std::optional<std::string> body = body_of(record);
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
      Record record = record_at(Record::Kind::Chain, files_->in("chains", name));
      const std::optional<std::string> body = body_of(record);
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
      const Result<std::vector<std::string>> profiles = names_of("layers/" + name);
      if (!tree || !profiles || profiles->empty()) {
        inventory_.leftovers.push_back(object_at(files_->in("layers", name)));
        continue;
      }
      for (const std::string& profile : *profiles) {
        Record record = record_at(Record::Kind::Layer, files_->in("layers/" + name, profile));
        const std::optional<std::string> body = body_of(record);
        const std::optional<LayerBlob> layer = body ? parse_layer(*body) : std::nullopt;
        record.trees.push_back(*tree);
        if (layer) {
          record.blob = layer->blob;
        }
        // Without its blob it says nothing.
        const bool is_sound = layer && inventory_.blobs.count(layer->blob) != 0;
        add(std::move(record), is_sound);
      }
    }
    return {};
  }

  Result<void> read_all_as_leftovers(const char* directory, std::string_view prefix) {
    STRATA_ASSIGN(const std::vector<std::string> names, names_of(directory));
    for (const std::string& name : names) {
      if (name.rfind(prefix, 0) == 0) {
        inventory_.leftovers.push_back(object_at(files_->in(directory, name)));
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

  // What a document names, to be marked with it.
  void read_document(const Digest& top) {
    if (inventory_.documents.count(top) != 0) {
      return;
    }
    std::set<Digest> reached;
    std::vector<Digest> open{top};
    while (!open.empty()) {
      const Digest digest = open.back();
      open.pop_back();
      if (!reached.insert(digest).second) {
        continue;
      }
      const Result<std::optional<std::string>> text = store_->read_blob(digest);
      const auto links = text && *text ? document_links(**text) : std::nullopt;
      if (links) {
        reached.insert(links->blobs.begin(), links->blobs.end());
        open.insert(open.end(), links->manifests.begin(), links->manifests.end());
      }
    }
    inventory_.documents.emplace(top, std::move(reached));
  }

  [[nodiscard]] Result<std::vector<std::string>> names_of(const std::string& directory) const {
    return list_directory(files_->root + "/" + directory);
  }

  [[nodiscard]] static Inventory::Object object_at(const std::string& path) {
    Inventory::Object object{path, 0, 0};
    if (const auto status = status_of(path); status && S_ISREG(status->st_mode)) {
      object.bytes = static_cast<std::uint64_t>(status->st_size);
    }
    return object;
  }

  [[nodiscard]] static Record record_at(Record::Kind kind, const std::string& path) {
    Record record;
    record.kind = kind;
    record.paths.push_back(path);
    if (const auto status = status_of(path)) {
      record.bytes = static_cast<std::uint64_t>(status->st_size);
      record.used = status->st_mtime;
    }
    return record;
  }

  [[nodiscard]] std::optional<std::string> body_of(const Record& record) const {
    return files_->record(record.paths.front(), Use::Ignored);
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
