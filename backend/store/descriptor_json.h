#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "backend/store/store.h"
#include "ir/base/canonical_json.h"
#include "ir/base/result.h"

namespace strata::backend {

// A descriptor as canonical JSON: members in byte order, `annotations` and `platform` only when
// they are set.
void write_descriptor(CanonicalJson& json, const Descriptor& descriptor);

// {"name":"value",…} with names chosen by users: any UTF-8, in byte order, each once (the last one
// wins). Bytes that are not UTF-8 become U+FFFD, as Go's encoder has it.
void write_string_map(CanonicalJson& json, const ir::Pairs& pairs);

// `text` with each byte that is not part of a UTF-8 sequence replaced by U+FFFD: image documents
// cannot hold other bytes.
[[nodiscard]] std::string utf8_lossy(std::string_view text);

// The reverse; unknown members are ignored. Error Corrupt: a member that is missing or of the wrong
// type, a digest outside the grammar `sha256:` + 64 lower-case hex digits, a negative size.
[[nodiscard]] Result<Descriptor> read_descriptor(const nlohmann::json& json);

}  // namespace strata::backend
