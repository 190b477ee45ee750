// Names from outside as file names, and which names are the store's own.
#include "backend/store/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr std::string_view kDecimal = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kDownload = "download-";
constexpr std::string_view kTemporary = ".strata-";

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_plain(char c, bool inner) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || (c == '.' && inner);
}

// Up to the last `separator`, and what follows it; two empty ones when there is none.
std::pair<std::string_view, std::string_view> split_last(std::string_view text, char separator) {
  const std::size_t at = text.rfind(separator);
  if (at == std::string_view::npos) {
    return {};
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

std::string encode_name(std::string_view name) {
  // Room for suffixes below NAME_MAX.
  constexpr std::size_t kMaxLength = 200;
  std::string out;
  for (const char c : name) {
    if (is_plain(c, !out.empty())) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  if (out.size() > kMaxLength || out.empty()) {
    return "=" + Digest::of(name).hex();
  }
  return out;
}

bool is_encoded_name(std::string_view name) {
  if (name.starts_with('=')) {
    return digest_of_name(name.substr(1)).has_value();
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && name.size() - i > 2 &&
        consists_of(name.substr(i + 1, 2), "0123456789ABCDEF")) {
      i += 2;
    } else if (!is_plain(name[i], i > 0)) {
      return false;
    }
  }
  return !name.empty();
}

std::optional<Digest> digest_of_name(std::string_view name) {
  return Digest::parse("sha256:" + std::string(name));
}

bool is_build_id(std::string_view name) {
  const auto [process, random] = split_last(name, '-');
  return consists_of(process, kDecimal) && random.size() == 2 * kBuildIdRandomBytes &&
         consists_of(random, kHex);
}

std::string quarantined_name(std::string_view object, std::string_view build_id,
                             std::uint64_t number) {
  return fmt::format("{}-{}-{}", encode_name(object), build_id, number);
}

bool is_quarantined_name(std::string_view name) {
  const auto [found_by, number] = split_last(name, '-');
  const auto [before, random] = split_last(found_by, '-');
  const auto [object, process] = split_last(before, '-');
  return is_encoded_name(object) && consists_of(number, kDecimal) &&
         is_build_id(found_by.substr(std::min(found_by.size(), object.size() + 1)));
}

std::string download_name(const Digest& digest) { return std::string(kDownload) + digest.hex(); }

bool is_download_name(std::string_view name) {
  return name.starts_with(kDownload) && digest_of_name(name.substr(kDownload.size()));
}

bool is_verification_name(std::string_view name) {
  const auto [before, inode] = split_last(name, '-');
  const auto [hex, device] = split_last(before, '-');
  return digest_of_name(hex) && consists_of(device, kHex) && consists_of(inode, kHex);
}

bool is_temporary_name(std::string_view name) {
  return name.starts_with(kTemporary) &&
         consists_of(name.substr(kTemporary.size()), "0123456789abcdef-");
}

}  // namespace strata::backend
