#pragma once

#include <string>
#include <string_view>

#include "ir/base/digest.h"

namespace strata::backend {

// The names that a store gives its files. What has another name was not made by one, and is left
// alone whatever happens.

// A name from outside as one file name: every byte but letters, digits, `_`, `-` and an inner `.`
// becomes %XX; what would be too long is `=` and its SHA-256. Names of different length or bytes
// never meet.
[[nodiscard]] std::string encode_name(std::string_view name);
[[nodiscard]] bool is_encoded_name(std::string_view name);

// The digest whose hex digits a name is.
[[nodiscard]] std::optional<Digest> digest_of_name(std::string_view name);

// Of steps/: beside a step's record, which has its digest alone for a name.
inline constexpr std::string_view kResultsSuffix = ".results";
inline constexpr std::string_view kStartSuffix = ".start";

// A process's use of a store: `<pid>-<16 hex digits>`.
constexpr std::size_t kBuildIdRandomBytes = 8;
[[nodiscard]] bool is_build_id(std::string_view name);

// Of quarantine/: the object's encoded name, the build that found it damaged, a number.
[[nodiscard]] std::string quarantined_name(std::string_view object, std::string_view build_id,
                                           std::uint64_t number);
[[nodiscard]] bool is_quarantined_name(std::string_view name);

// Of tmp/: a download that stopped.
[[nodiscard]] std::string download_name(const Digest& digest);
[[nodiscard]] bool is_download_name(std::string_view name);

// Of verified/: `<hex>-<device>-<inode>`.
[[nodiscard]] bool is_verification_name(std::string_view name);

// A temporary file of write_file_durably, beside what it becomes: `.strata-` and numbers.
[[nodiscard]] bool is_temporary_name(std::string_view name);

}  // namespace strata::backend
