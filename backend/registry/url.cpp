// URLs of registries, their redirects and their upload sessions.
#include "backend/registry/url.h"

#include <algorithm>
#include <charconv>

#include "ir/base/text.h"

namespace strata::backend {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_unreserved(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return std::nullopt;
  }
  return port;
}

bool is_host(std::string_view host) {
  if (host.empty()) {
    return false;
  }
  if (host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') {
      return false;
    }
    for (const char c : host.substr(1, host.size() - 2)) {
      if (!is_hex(c) && c != ':' && c != '.') {
        return false;
      }
    }
    return true;
  }
  for (const char c : host) {
    if (!is_unreserved(c) || c == '~') {
      return false;
    }
  }
  return true;
}

bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7f; }

// `%0d%0a` is no line break to us, but may be one to a proxy on the way.
bool is_encoded_control(std::string_view text) {
  unsigned char byte = 0;
  const char* const digits = text.data() + 1;
  return text.size() >= 3 && text[0] == '%' &&
         std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2 && is_control(byte);
}

bool is_target(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    const auto byte = static_cast<unsigned char>(target[i]);
    if (byte == ' ' || byte > 0x7f || is_control(byte) || byte == '\\' ||
        is_encoded_control(target.substr(i))) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  Url url;
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return is_control(static_cast<unsigned char>(c)); })) {
    return std::nullopt;
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  url.scheme = ascii_lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return std::nullopt;
  }
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, end);
  url.target = text.substr(end);
  if (url.target.empty() || url.target.front() != '/') {
    url.target.insert(0, "/");
  }
  const std::string_view host = without_port(authority);
  url.host = ascii_lower(host);
  url.port = url.scheme == "https" ? 443 : 80;
  if (host.size() < authority.size()) {
    const std::optional<std::uint16_t> port = parse_port(authority.substr(host.size() + 1));
    if (!port) {
      return std::nullopt;
    }
    url.port = *port;
  }
  if (!is_host(url.host) || !is_target(url.target)) {
    return std::nullopt;
  }
  return url;
}

std::optional<Url> Url::resolve(std::string_view location) const {
  if (location.empty()) {
    return std::nullopt;
  }
  if (location.starts_with("//")) {
    return parse(scheme + ":" + std::string(location));
  }
  const std::size_t stop = std::min(location.find_first_of("/?#"), location.size());
  if (location.substr(0, stop).find(':') != std::string_view::npos) {
    return parse(location);
  }
  if (location.front() == '/') {
    return parse(origin() + std::string(location));
  }
  const std::string path = target.substr(0, target.find('?'));
  const std::string base =
      location.front() == '?' ? path : path.substr(0, path.find_last_of('/') + 1);
  return parse(origin() + base + std::string(location));
}

std::string Url::origin() const {
  std::string text = scheme + "://" + host;
  if (port != (scheme == "https" ? 443 : 80)) {
    text += ":" + std::to_string(port);
  }
  return text;
}

bool is_loopback_host(std::string_view host) {
  const std::string name = ascii_lower(host);
  if (name == "localhost" || name == "[::1]" || name == "::1" || name.ends_with(".localhost")) {
    return true;
  }
  // All of 127.0.0.0/8 as four decimal numbers; `127.0.0.1.example.org` is somebody's host.
  if (!name.starts_with("127.")) {
    return false;
  }
  std::string_view rest = name;
  int parts = 0;
  while (true) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    int value = -1;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + dot, value);
    if (error != std::errc() || end != rest.data() + dot || value < 0 || value > 255 || dot > 3) {
      return false;
    }
    ++parts;
    if (dot == rest.size()) {
      return parts == 4;
    }
    rest.remove_prefix(dot + 1);
  }
}

std::string_view without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return authority;
  }
  return authority.substr(0, colon);
}

std::string_view without_query(std::string_view url) {
  return url.substr(0, url.find_first_of("?#"));
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::string with_query(std::string url, std::string_view name, std::string_view value) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  url += name;
  url += '=';
  url += percent_encode(value);
  return url;
}

}  // namespace strata::backend
