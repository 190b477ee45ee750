#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace strata {

// A SHA-256 digest. The textual form is `sha256:` and 64 lower-case hex digits, and nothing else
// parses: a digest from outside is used as a path or URL only after it went through parse().
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  [[nodiscard]] static std::optional<Digest> parse(std::string_view text);
  [[nodiscard]] static Digest of(std::string_view data);

  [[nodiscard]] std::string hex() const;
  // `sha256:<hex>`
  [[nodiscard]] std::string str() const;
  // The first 12 hex digits, for people.
  [[nodiscard]] std::string short_hex() const { return hex().substr(0, 12); }

  auto operator<=>(const Digest&) const = default;  // NOLINT(modernize-use-nullptr)
};

// SHA-256 over a stream of pieces. Movable; after finish() it must not be used again.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(const void* data, std::size_t size);
  void update(std::string_view data) { update(data.data(), data.size()); }
  [[nodiscard]] Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace strata

template <>
struct std::hash<strata::Digest> {
  std::size_t operator()(const strata::Digest& digest) const noexcept {
    std::size_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value = value << 8 | digest.bytes[i];
    }
    return value;
  }
};
