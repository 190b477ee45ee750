// Digests by their first digits.
#include "driver/digest_prefix.h"

#include <fmt/format.h>

#include <algorithm>

namespace strata::driver {
namespace {

constexpr std::size_t kFewestDigits = 4;

std::string listed(const std::vector<Digest>& digests) {
  std::string text;
  for (const Digest& digest : digests) {
    text += (text.empty() ? "" : ", ") + digest.short_hex();
  }
  return text;
}

}  // namespace

Result<Digest> find_digest(std::vector<Digest> known, const std::string& text,
                           const std::string& none) {
  const std::string digits = text.starts_with("sha256:") ? text.substr(7) : text;
  if (digits.size() < kFewestDigits) {
    return Error{
        ErrorCode::Input,
        fmt::format("step `{}`: at least {} digits of its digest are needed", text, kFewestDigits)};
  }
  std::erase_if(known, [&](const Digest& digest) { return !digest.hex().starts_with(digits); });
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  if (known.empty()) {
    return Error{ErrorCode::NotFound, none};
  }
  if (known.size() > 1) {
    return Error{ErrorCode::Input, fmt::format("step `{}` is ambiguous: {}", text, listed(known))};
  }
  return known.front();
}

}  // namespace strata::driver
