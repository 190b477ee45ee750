#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/system/fd.h"

namespace strata::driver {

// One port's part in the poll loop of a PortProxy. Never blocks.
class Relay {
 public:
  virtual ~Relay() = default;
  // Appends what it waits for.
  virtual void want(std::vector<pollfd>& polls) const = 0;
  // With what it appended, answered.
  virtual void handle(const pollfd* polls) = 0;
};

// Connections, both ways, each way to its own end.
[[nodiscard]] std::unique_ptr<Relay> make_tcp_relay(backend::Fd listener, std::uint16_t port);
// Datagrams; answers to a sender go back to it until a minute and a half have passed without one.
[[nodiscard]] std::unique_ptr<Relay> make_udp_relay(backend::Fd socket, std::uint16_t port);

enum class LoopbackFamily { V4, V6 };
// A socket of that type (SOCK_STREAM, SOCK_DGRAM) on its way to a port of the loopback; not valid
// when that is refused at once.
[[nodiscard]] backend::Fd connect_to_loopback(int type, LoopbackFamily family, std::uint16_t port);

}  // namespace strata::driver
