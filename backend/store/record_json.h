#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "backend/store/store.h"
#include "ir/base/canonical_json.h"

namespace strata::backend {

// What CanonicalJson makes of a string of bytes; nullopt for anything else.
[[nodiscard]] std::optional<std::string> read_bytes(const nlohmann::json& value);

// {"context":…,"mounts":[{"ignore":[…],"source":…,"target":…},…]}; nullopt for anything else.
void write_mounts(CanonicalJson& out, const LocalMounts& mounts);
[[nodiscard]] std::optional<LocalMounts> read_mounts(const nlohmann::json& value);

}  // namespace strata::backend
