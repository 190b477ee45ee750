#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata::backend {

// An absolute http or https URL. parse() is strict (no user info, no odd characters in
// the host, no control bytes, percent-encoded ones included), so that libcurl cannot read another
// host out of the same text.
struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 literal keeps its brackets
  std::uint16_t port = 0;
  std::string target;  // path and query, opaque; starts with "/"

  [[nodiscard]] static std::optional<Url> parse(std::string_view text);
  // The URL that a Location header names; it may be absolute, relative or only a query.
  [[nodiscard]] std::optional<Url> resolve(std::string_view location) const;

  // scheme://host[:port], the port only when it is not the scheme's own.
  [[nodiscard]] std::string origin() const;
  [[nodiscard]] std::string str() const { return origin() + target; }
  bool operator==(const Url&) const = default;
};

// localhost, *.localhost, 127.0.0.0/8 and [::1]; `host` has no port.
[[nodiscard]] bool is_loopback_host(std::string_view host);
// The host of host[:port].
[[nodiscard]] std::string_view without_port(std::string_view authority);

// For messages: a query may be a signature that opens what it names.
[[nodiscard]] std::string_view without_query(std::string_view url);

// All but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);
// Appends name=value with `?` or `&`; nothing else of the URL changes.
[[nodiscard]] std::string with_query(std::string url, std::string_view name,
                                     std::string_view value);

}  // namespace strata::backend
