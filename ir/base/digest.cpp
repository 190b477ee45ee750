// SHA-256 by OpenSSL; the only file of ir that names it.
#include "ir/base/digest.h"

#include <openssl/evp.h>

#include "ir/base/check.h"

namespace strata {
namespace {

constexpr std::string_view kPrefix = "sha256:";

// -1 for anything but a lower-case hex digit: upper case is not canonical and is refused.
int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return -1;
}

// Looking an algorithm up costs more than hashing a small record, so it is done once.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  STRATA_CHECK(algorithm != nullptr, "OpenSSL has no SHA-256");
  return algorithm;
}

}  // namespace

std::optional<Digest> Digest::parse(std::string_view text) {
  if (text.size() != kPrefix.size() + 64 || text.substr(0, kPrefix.size()) != kPrefix) {
    return std::nullopt;
  }
  Digest digest;
  for (std::size_t i = 0; i < 32; ++i) {
    const int high = hex_value(text[kPrefix.size() + 2 * i]);
    const int low = hex_value(text[kPrefix.size() + 2 * i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    digest.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

Digest Digest::of(std::string_view data) {
  Sha256 hasher;
  hasher.update(data);
  return hasher.finish();
}

std::string Digest::hex() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Digest::str() const { return std::string(kPrefix) + hex(); }

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { STRATA_CHECK(context != nullptr, "out of memory"); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  STRATA_CHECK(EVP_DigestInit_ex(state_->context, sha256_algorithm(), nullptr) == 1,
               "SHA-256 init failed");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(const void* data, std::size_t size) {
  STRATA_CHECK(EVP_DigestUpdate(state_->context, data, size) == 1, "SHA-256 update failed");
}

Digest Sha256::finish() {
  Digest digest;
  unsigned int size = 0;
  STRATA_CHECK(EVP_DigestFinal_ex(state_->context, digest.bytes.data(), &size) == 1 && size == 32,
               "SHA-256 final failed");
  return digest;
}

}  // namespace strata
