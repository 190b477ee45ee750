#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/system/fd.h"
#include "driver/port_proxy.h"
#include "ir/base/result.h"

namespace strata::driver {

// One -p.
struct PublishedPort {
  std::string address;  // of the host; "" is any
  std::uint16_t host = 0;
  std::uint16_t container = 0;
  Protocol protocol = Protocol::Tcp;
  bool operator==(const PublishedPort&) const = default;
};

// docker's `[[ADDRESS:]HOST:]PORT[/tcp|/udp]`, where an IPv6 address has brackets and both ports
// may be ranges of the same length. The host's port, when it is not given, is the same one. Error
// Input.
[[nodiscard]] Result<std::vector<PublishedPort>> ports_of(const std::string& text);

// Makes them reachable for a process that shares this machine's network, and says to stderr how:
// its port as it is, or another one through a proxy that works as long as what is returned lives.
// Starts a thread if there is a proxy. Error Input: a port that something else listens on.
[[nodiscard]] Result<std::unique_ptr<PortProxy>> publish(const std::vector<PublishedPort>& ports);

}  // namespace strata::driver
