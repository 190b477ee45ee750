// Which objects of a store stay: reachability from references and from records in use.
#include "backend/store/inventory.h"

namespace strata::backend {
namespace {

using Record = Inventory::Record;

bool counts(const Record& record, std::int64_t cutoff) {
  return record.kind == Record::Kind::Ref || record.used >= cutoff;
}

// Manifests of references, image keys and resolutions, with all that they name.
void mark_images(const Inventory& inventory, std::int64_t cutoff, Marks& marks) {
  for (const Record& record : inventory.records) {
    if (record.manifest && counts(record, cutoff)) {
      const std::set<Digest>& reached = inventory.documents.at(*record.manifest);
      marks.blobs.insert(reached.begin(), reached.end());
    }
  }
}

// A tree stays with the results and chains in use that give it, with a layer blob that stays, and
// with a root in use; then every blob of it stays too.
void mark_trees(const Inventory& inventory, std::int64_t cutoff, Marks& marks) {
  for (const Record& record : inventory.records) {
    const bool named = record.kind == Record::Kind::Step || record.kind == Record::Kind::Layer ||
                       record.kind == Record::Kind::Chain;
    const bool with_blob = record.blob && marks.blobs.count(*record.blob) != 0;
    if (named && (counts(record, cutoff) || with_blob)) {
      marks.trees.insert(record.trees.begin(), record.trees.end());
    }
  }
  for (const auto& [digest, root] : inventory.roots) {
    if (root.used >= cutoff) {
      marks.trees.insert(digest);
    }
  }
}

}  // namespace

Marks mark(const Inventory& inventory, std::int64_t cutoff) {
  Marks marks;
  mark_images(inventory, cutoff, marks);
  mark_trees(inventory, cutoff, marks);
  std::set<Digest> with_blob;
  for (const Record& record : inventory.records) {
    if (record.blob && marks.trees.count(record.trees.front()) != 0) {
      marks.blobs.insert(*record.blob);
      with_blob.insert(record.trees.front());
    }
  }
  for (const auto& [digest, root] : inventory.roots) {
    // A root can be unpacked again from a blob; as the only copy it stays as long as its tree.
    const bool only_copy = with_blob.count(digest) == 0;
    if (marks.trees.count(digest) != 0 && (root.used >= cutoff || only_copy)) {
      marks.roots.insert(digest);
    }
  }
  return marks;
}

bool is_live(const Record& record, const Marks& marks, std::int64_t cutoff) {
  if (counts(record, cutoff)) {
    return true;
  }
  // Kept with what they describe, so that what stays is of use.
  if (record.kind == Record::Kind::Layer) {
    return marks.blobs.count(*record.blob) != 0;
  }
  return record.kind == Record::Kind::Chain && marks.trees.count(record.trees.front()) != 0;
}

std::uint64_t live_bytes(const Inventory& inventory, const Marks& marks, std::int64_t cutoff) {
  std::uint64_t bytes = 0;
  for (const Record& record : inventory.records) {
    bytes += is_live(record, marks, cutoff) ? record.bytes : 0;
  }
  const auto add = [&](const std::map<Digest, Inventory::Object>& objects,
                       const std::set<Digest>& live) {
    for (const auto& [digest, object] : objects) {
      bytes += live.count(digest) != 0 ? object.bytes : 0;
    }
  };
  add(inventory.blobs, marks.blobs);
  add(inventory.trees, marks.trees);
  add(inventory.roots, marks.roots);
  return bytes;
}

}  // namespace strata::backend
