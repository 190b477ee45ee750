#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/store/store.h"

namespace strata::backend {

// The bodies of the store's small files: canonical JSON, formats in README.md. The readers give
// nullopt for anything else: a file that does not parse is a damaged file.

[[nodiscard]] std::string print_results(const std::vector<StepResult>& results);
[[nodiscard]] std::optional<std::vector<StepResult>> parse_results(std::string_view body);

[[nodiscard]] std::string print_layer(const LayerBlob& layer);
[[nodiscard]] std::optional<LayerBlob> parse_layer(std::string_view body);

// A named manifest: a reference's name, or "" for an image key.
[[nodiscard]] std::string print_ref(const Ref& ref);
[[nodiscard]] std::optional<Ref> parse_ref(std::string_view body);

// A reference as last resolved.
struct ResolvedRecord {
  std::string ref;
  std::string platform;
  Digest manifest;
};
[[nodiscard]] std::string print_resolved(const ResolvedRecord& record);
[[nodiscard]] std::optional<ResolvedRecord> parse_resolved(std::string_view body);

// One digest as its text.
[[nodiscard]] std::string print_digest(const Digest& digest);
[[nodiscard]] std::optional<Digest> parse_digest(std::string_view body);

// What an image document (manifest or index) names: its config, layers, manifests. nullopt when it
// is none.
struct DocumentLinks {
  std::vector<Digest> manifests;
  std::vector<Digest> blobs;
};
[[nodiscard]] std::optional<DocumentLinks> document_links(std::string_view text);

// index.json of an image layout.
[[nodiscard]] std::string print_layout_index(const std::vector<Descriptor>& manifests);

}  // namespace strata::backend
