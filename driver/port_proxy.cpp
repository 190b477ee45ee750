// port_proxy.h: one poll loop over all relays.
#include "driver/port_proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "driver/relay.h"
#include "ir/base/check.h"

namespace strata::driver {

PortProxy::PortProxy(std::vector<Listener> listeners)
    : listeners_(std::move(listeners)), end_(::eventfd(0, EFD_CLOEXEC)) {
  STRATA_CHECK(end_.valid(), "eventfd");
  thread_ = std::thread([this] { serve(); });
}

PortProxy::~PortProxy() {
  const std::uint64_t one = 1;
  (void)!::write(end_.get(), &one, sizeof one);
  thread_.join();
}

void PortProxy::serve() {
  std::vector<std::unique_ptr<Relay>> relays;
  for (Listener& listener : listeners_) {
    relays.push_back(listener.protocol == Protocol::Tcp
                         ? make_tcp_relay(std::move(listener.socket), listener.port)
                         : make_udp_relay(std::move(listener.socket), listener.port));
  }
  // Now and then also without an event: what is idle goes.
  constexpr int kTick = 10'000;
  while (true) {
    std::vector<pollfd> polls = {{.fd = end_.get(), .events = POLLIN, .revents = 0}};
    std::vector<std::size_t> begins;
    for (const auto& relay : relays) {
      begins.push_back(polls.size());
      relay->want(polls);
    }
    if (::poll(polls.data(), polls.size(), kTick) < 0 && errno != EINTR) {
      return;
    }
    if (polls[0].revents != 0) {
      return;
    }
    for (std::size_t i = 0; i < relays.size(); ++i) {
      relays[i]->handle(polls.data() + begins[i]);
    }
  }
}

}  // namespace strata::driver
