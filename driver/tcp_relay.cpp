// relay.h, TCP: two sockets a connection, and a buffer each way.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <list>
#include <string>

#include "driver/relay.h"

namespace strata::driver {
namespace {

constexpr std::size_t kBuffer = std::size_t{64} << 10;
// Two descriptors each; what comes on top waits in the listener's queue.
constexpr std::size_t kMostConnections = 400;

bool is_later(int number) { return number == EAGAIN || number == EINTR; }

// Bytes from one socket to the other.
struct Way {
  std::string held;
  bool ended = false;   // nothing more comes
  bool closed = false;  // and the other side knows

  [[nodiscard]] bool wants_more() const { return !ended && held.size() < kBuffer; }

  // False: the connection is broken.
  bool read(const backend::Fd& from) {
    std::array<char, kBuffer> buffer{};
    const ssize_t size = ::recv(from.get(), buffer.data(), kBuffer - held.size(), 0);
    if (size < 0) {
      return is_later(errno);
    }
    ended = size == 0;
    held.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  bool write(const backend::Fd& to) {
    while (!held.empty()) {
      const ssize_t size = ::send(to.get(), held.data(), held.size(), MSG_NOSIGNAL);
      if (size < 0) {
        return is_later(errno);
      }
      held.erase(0, static_cast<std::size_t>(size));
    }
    if (ended && !closed) {
      closed = true;
      ::shutdown(to.get(), SHUT_WR);
    }
    return true;
  }
};

struct Connection {
  backend::Fd client;
  backend::Fd server;
  LoopbackFamily family = LoopbackFamily::V4;
  bool connecting = true;
  Way up;
  Way down;
};

class TcpRelay final : public Relay {
 public:
  TcpRelay(backend::Fd listener, std::uint16_t port)
      : listener_(std::move(listener)), port_(port) {}

  void want(std::vector<pollfd>& polls) const override {
    const bool has_room = connections_.size() < kMostConnections;
    polls.push_back({.fd = has_room ? listener_.get() : -1, .events = POLLIN, .revents = 0});
    for (const Connection& one : connections_) {
      if (one.connecting) {
        polls.push_back({.fd = -1, .events = 0, .revents = 0});
        polls.push_back({.fd = one.server.get(), .events = POLLOUT, .revents = 0});
      } else {
        polls.push_back(wanted(one.client, one.up, one.down));
        polls.push_back(wanted(one.server, one.down, one.up));
      }
    }
  }

  void handle(const pollfd* polls) override {
    const bool has_new = polls[0].revents != 0;
    const pollfd* own = polls + 1;
    for (auto one = connections_.begin(); one != connections_.end(); own += 2) {
      one = go_on(*one, own[0].revents, own[1].revents) ? std::next(one) : connections_.erase(one);
    }
    if (has_new) {
      accept();
    }
  }

 private:
  // A way that is at its end asks for nothing: a socket that both are done with would wake the loop
  // again and again.
  static pollfd wanted(const backend::Fd& fd, const Way& from, const Way& to) {
    const int events = (from.wants_more() ? POLLIN : 0) | (to.held.empty() ? 0 : POLLOUT);
    return {.fd = events == 0 ? -1 : fd.get(), .events = static_cast<short>(events), .revents = 0};
  }

  // False: it is over.
  bool go_on(Connection& one, short client, short server) const {
    if (one.connecting) {
      return server == 0 || connected(one);
    }
    if (client != 0 && one.up.wants_more() && !one.up.read(one.client)) {
      return false;
    }
    if (server != 0 && one.down.wants_more() && !one.down.read(one.server)) {
      return false;
    }
    return one.up.write(one.server) && one.down.write(one.client) &&
           !(one.up.closed && one.down.closed);
  }

  bool connected(Connection& one) const {
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(one.server.get(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number == 0) {
      one.connecting = false;
      return true;
    }
    return connect(one);
  }

  // To the next family that is left.
  bool connect(Connection& one) const {
    if (!one.server.valid()) {
      one.server = connect_to_loopback(SOCK_STREAM, LoopbackFamily::V4, port_);
    } else if (one.family == LoopbackFamily::V4) {
      one.server.reset();
    }
    if (!one.server.valid()) {
      one.family = LoopbackFamily::V6;
      one.server = connect_to_loopback(SOCK_STREAM, LoopbackFamily::V6, port_);
      return one.server.valid();
    }
    return one.family == LoopbackFamily::V4;
  }

  void accept() {
    while (connections_.size() < kMostConnections) {
      backend::Fd client(
          ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!client.valid()) {
        return;
      }
      Connection one;
      one.client = std::move(client);
      if (connect(one)) {
        connections_.push_back(std::move(one));
      }
    }
  }

  backend::Fd listener_;
  std::uint16_t port_;
  std::list<Connection> connections_;
};

}  // namespace

std::unique_ptr<Relay> make_tcp_relay(backend::Fd listener, std::uint16_t port) {
  return std::make_unique<TcpRelay>(std::move(listener), port);
}

backend::Fd connect_to_loopback(int type, LoopbackFamily family, std::uint16_t port) {
  const bool is_v4 = family == LoopbackFamily::V4;
  backend::Fd fd(::socket(is_v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  const auto* address =
      is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  const socklen_t size = is_v4 ? sizeof v4 : sizeof v6;
  if (!fd.valid() || (::connect(fd.get(), address, size) != 0 && errno != EINPROGRESS)) {
    return {};
  }
  return fd;
}

}  // namespace strata::driver
