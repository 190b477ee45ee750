#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/store/store_files.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"

namespace strata::backend {

// Everything in a store, as gc sees it. Read once, under the exclusive lock.
struct Inventory {
  struct Object {
    std::string path;
    std::uint64_t bytes = 0;
    std::int64_t used = 0;  // roots: seconds
  };
  // A file that names other objects.
  struct Record {
    enum class Kind { Ref, Key, Resolved, Step, Layer, Chain };
    Kind kind = Kind::Ref;
    std::vector<std::string> paths;
    std::uint64_t bytes = 0;
    std::int64_t used = 0;
    std::optional<Digest> manifest;  // Ref, Key, Resolved
    std::vector<Digest> trees;       // Step, Layer, Chain: the trees that it gives
    std::optional<Digest> blob;      // Layer
  };
  std::vector<Record> records;
  std::map<Digest, Object> blobs;
  std::map<Digest, Object> trees;
  std::map<Digest, Object> roots;
  // What a manifest or index in blobs/ names, itself included, through all levels.
  std::map<Digest, std::set<Digest>> documents;
  // Interrupted downloads, quarantined objects, failed steps, records that do not parse, unfinished
  // roots.
  std::vector<Object> leftovers;
};

// What stays at a cutoff: records used since then count, and references always.
struct Marks {
  std::set<Digest> blobs;
  std::set<Digest> trees;
  std::set<Digest> roots;
};

// An error when anything is there and cannot be read: it may name what would be swept.
[[nodiscard]] Result<Inventory> take_inventory(const Store& store, const StoreFiles& files);
[[nodiscard]] Marks mark(const Inventory& inventory, std::int64_t cutoff);
[[nodiscard]] bool is_live(const Inventory::Record& record, const Marks& marks,
                           std::int64_t cutoff);
[[nodiscard]] std::uint64_t live_bytes(const Inventory& inventory, const Marks& marks,
                                       std::int64_t cutoff);

}  // namespace strata::backend
