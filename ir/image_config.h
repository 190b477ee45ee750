#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op.h"

namespace strata::ir {

// The PATH of an image whose base sets none.
inline constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// One history entry of an image config.
struct HistoryEntry {
  std::string created_by;
  std::string comment;
  std::string author;
  std::optional<std::int64_t> created;  // seconds
  bool empty_layer = false;
  bool operator==(const HistoryEntry&) const = default;
};

// An OCI image config (image-spec 1.1 config.md; docker's healthcheck and shell included) as
// values. env keeps its order.
struct ImageConfig {
  std::string os;
  std::string architecture;
  std::string variant;
  std::string author;
  std::optional<std::int64_t> created;  // seconds, fraction dropped
  Pairs env;
  Pairs labels;
  OptionalStrings cmd;
  OptionalStrings entrypoint;
  OptionalStrings shell;
  std::string user;
  std::string workdir;
  std::string stop_signal;
  Strings ports;
  Strings volumes;
  OptionalHealthcheck healthcheck;
  Strings on_build;
  Digests diff_ids;
  std::vector<HistoryEntry> history;
  bool operator==(const ImageConfig&) const = default;
};

// Applies a config op to a config, as Config's field notes in op.h say. Env: a name that is there
// keeps its place.
void apply(const Config& change, ImageConfig& config);

}  // namespace strata::ir
