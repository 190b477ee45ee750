#pragma once

#include <cstdint>
#include <thread>
#include <vector>

#include "backend/system/fd.h"

namespace strata::driver {

enum class Protocol { Tcp, Udp };

// Takes what comes to some ports of this machine to others of its loopback: 127.0.0.1, or ::1 when
// nothing listens there. Works in a thread of its own from construction to destruction, which
// closes all connections.
class PortProxy {
 public:
  struct Listener {
    backend::Fd socket;      // bound and not blocking; for TCP it listens
    std::uint16_t port = 0;  // where to
    Protocol protocol = Protocol::Tcp;
  };
  explicit PortProxy(std::vector<Listener> listeners);
  ~PortProxy();
  PortProxy(const PortProxy&) = delete;
  PortProxy& operator=(const PortProxy&) = delete;

 private:
  void serve();

  std::vector<Listener> listeners_;
  // Readable when it is to end.
  backend::Fd end_;
  std::thread thread_;
};

}  // namespace strata::driver
