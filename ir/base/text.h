#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

// Strict UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);

// What comes from outside, as one line that is safe to show: UTF-8 in which each control character
// (C0, DEL, C1), each character that reorders what stands around it (bidirectional embeddings,
// overrides, isolates) and each byte that is not UTF-8 is a `?`, and a tab one space.
[[nodiscard]] std::string printable(std::string_view bytes);
// The same of a text whose line breaks stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

// Base64 of RFC 4648 section 4, with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
// nullopt unless `text` is canonical padded base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

// The candidate nearest to `word` (case-insensitive Damerau-Levenshtein distance at most a third of
// its length, at least 1), the first one in order on ties; nullopt when none is near, and among
// more than 1,000. For did-you-mean.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

// ASCII only: no locale takes part (a Turkish one maps `I` elsewhere).
[[nodiscard]] std::string ascii_lower(std::string_view text);
[[nodiscard]] std::string ascii_upper(std::string_view text);
[[nodiscard]] bool ascii_iequals(std::string_view a, std::string_view b);

// What stands between the separators: one part more than there are of them, empty ones included.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// The parts that are not empty.
[[nodiscard]] std::vector<std::string> split_words(std::string_view text, char separator);

// `1.5 MB`-style size for people, powers of ten.
[[nodiscard]] std::string human_size(std::uint64_t bytes);

}  // namespace strata
