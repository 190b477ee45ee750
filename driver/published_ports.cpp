// -p of run. The process is in this machine's network, so only a port by another name needs work.
#include "driver/published_ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "driver/console.h"

namespace strata::driver {
namespace {

using Range = std::pair<std::uint16_t, std::uint16_t>;

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && port != 0 ? std::optional(port) : std::nullopt;
}

std::optional<Range> range_of(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = port_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : port_of(text.substr(dash + 1));
  return first && last && *first <= *last ? std::optional(Range(*first, *last)) : std::nullopt;
}

bool is_address(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

const char* name_of(Protocol protocol) { return protocol == Protocol::Tcp ? "TCP" : "UDP"; }

struct Place {
  sockaddr_storage address{};
  socklen_t size = 0;
};

Place place_of(const std::string& address, std::uint16_t port) {
  Place place;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&place.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&place.address);
  if (!address.empty() && ::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    place.size = sizeof *v4;
    return place;
  }
  v6->sin6_family = AF_INET6;
  v6->sin6_addr = in6addr_any;
  if (!address.empty()) {
    (void)::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr);
  }
  v6->sin6_port = htons(port);
  place.size = sizeof *v6;
  return place;
}

// A socket at that port, which takes no connections yet. errno is set when it is not valid.
backend::Fd bound(const std::string& address, std::uint16_t port, Protocol protocol) {
  const Place place = place_of(address, port);
  const int type = protocol == Protocol::Tcp ? SOCK_STREAM : SOCK_DGRAM;
  backend::Fd fd(::socket(place.address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  const int no = 0;
  if (fd.valid() && place.address.ss_family == AF_INET6) {
    // Any address is one of either family.
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.empty() ? &no : &yes, sizeof no);
  }
  if (fd.valid() && protocol == Protocol::Tcp) {
    // Connections that ended a moment ago are no hindrance; what listens is.
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  }
  if (fd.valid() &&
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&place.address), place.size) == 0) {
    return fd;
  }
  // A machine without IPv6.
  return address.empty() && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)
             ? bound("0.0.0.0", port, protocol)
             : backend::Fd();
}

Error taken(const PublishedPort& port, std::uint16_t number, const char* what) {
  const std::string reason =
      errno == EADDRINUSE ? "another program has it" : std::string(std::strerror(errno));
  return {ErrorCode::Input, fmt::format("-p {}:{}: {} port {} {}: {}", port.host, port.container,
                                        name_of(port.protocol), number, what, reason)};
}

std::string shown(const PublishedPort& port) {
  if (port.address.empty()) {
    return fmt::format("port {} of this machine", port.host);
  }
  const bool is_v4 = port.address.find(':') == std::string::npos;
  return is_v4 ? fmt::format("{}:{}", port.address, port.host)
               : fmt::format("[{}]:{}", port.address, port.host);
}

}  // namespace

Result<std::vector<PublishedPort>> ports_of(const std::string& text) {
  const Error wrong{ErrorCode::Input,
                    fmt::format("-p {}: not [[ADDRESS:]HOST:]PORT[/tcp|/udp]", text)};
  PublishedPort port;
  std::string rest = text;
  if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
    const std::string protocol = rest.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp") {
      return wrong;
    }
    port.protocol = protocol == "tcp" ? Protocol::Tcp : Protocol::Udp;
    rest.resize(slash);
  }
  const std::size_t last = rest.rfind(':');
  const auto container = range_of(std::string_view(rest).substr(last + 1));
  rest.resize(last == std::string::npos ? 0 : last);
  const std::size_t before = rest.rfind(':');
  std::string host = rest.substr(before + 1);
  if (before != std::string::npos) {
    port.address = rest.substr(0, before);
    if (port.address.starts_with('[') && port.address.ends_with(']')) {
      port.address = port.address.substr(1, port.address.size() - 2);
    }
    if (!is_address(port.address)) {
      return wrong;
    }
    if (port.address == "0.0.0.0" || port.address == "::") {
      port.address.clear();
    }
  }
  const auto own = host.empty() ? container : range_of(host);
  if (!container || !own || own->second - own->first != container->second - container->first) {
    return wrong;
  }
  std::vector<PublishedPort> ports;
  for (int i = 0; i <= own->second - own->first; ++i) {
    port.host = static_cast<std::uint16_t>(own->first + i);
    port.container = static_cast<std::uint16_t>(container->first + i);
    ports.push_back(port);
  }
  return ports;
}

Result<std::unique_ptr<PortProxy>> publish(const std::vector<PublishedPort>& ports) {
  std::vector<PortProxy::Listener> listeners;
  for (const PublishedPort& port : ports) {
    if (port.host == port.container) {
      continue;
    }
    backend::Fd socket = bound(port.address, port.host, port.protocol);
    if (!socket.valid() ||
        (port.protocol == Protocol::Tcp && ::listen(socket.get(), SOMAXCONN) != 0)) {
      return taken(port, port.host, "cannot be listened on");
    }
    listeners.push_back({std::move(socket), port.container, port.protocol});
  }
  for (const PublishedPort& port : ports) {
    if (!bound("", port.container, port.protocol).valid()) {
      return taken(port, port.container,
                   "is not free for the process, which shares this machine's network");
    }
  }
  for (const PublishedPort& port : ports) {
    if (port.host == port.container) {
      remark(
          "strata: the container shares the host's network: {} port {} is already reachable at "
          "localhost:{}{}\n",
          name_of(port.protocol), port.host, port.host,
          port.address.empty() ? "" : "; the process chooses the addresses that it listens on");
    } else {
      remark(
          "strata: a proxy takes {} {} to port {}, which is reachable too: the container shares "
          "the host's network\n",
          name_of(port.protocol), shown(port), port.container);
    }
  }
  return listeners.empty() ? std::unique_ptr<PortProxy>()
                           : std::make_unique<PortProxy>(std::move(listeners));
}

}  // namespace strata::driver
