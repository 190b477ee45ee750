// relay.h, UDP: a socket for each sender, so that answers find their way back.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "driver/relay.h"

namespace strata::driver {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kIdle{90};
constexpr std::size_t kMostSenders = 400;
constexpr std::size_t kLargestDatagram = 65536;

class UdpRelay final : public Relay {
 public:
  UdpRelay(backend::Fd socket, std::uint16_t port) : socket_(std::move(socket)), port_(port) {}

  void want(std::vector<pollfd>& polls) const override {
    polls.push_back({.fd = socket_.get(), .events = POLLIN, .revents = 0});
    for (const auto& [address, sender] : senders_) {
      polls.push_back({.fd = sender.socket.get(), .events = POLLIN, .revents = 0});
    }
  }

  void handle(const pollfd* polls) override {
    const pollfd* own = polls;
    for (auto& [address, sender] : senders_) {
      ++own;
      if (own->revents != 0) {
        answer(address, sender);
      }
    }
    std::erase_if(senders_, [](const auto& one) { return Clock::now() - one.second.used > kIdle; });
    if (polls[0].revents != 0) {
      receive();
    }
  }

 private:
  struct Sender {
    backend::Fd socket;
    LoopbackFamily family = LoopbackFamily::V4;
    Clock::time_point used;
  };

  void receive() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    for (;; size = sizeof address) {
      const ssize_t got = ::recvfrom(socket_.get(), buffer_.data(), buffer_.size(), 0,
                                     reinterpret_cast<sockaddr*>(&address), &size);
      if (got < 0) {
        return;
      }
      const std::string key(reinterpret_cast<const char*>(&address), size);
      if (senders_.count(key) != 0 || senders_.size() < kMostSenders) {
        send(senders_[key], std::string_view(buffer_.data(), static_cast<std::size_t>(got)));
      }
    }
  }

  // That nobody listens is known from an earlier datagram: this one then tries the other family.
  void send(Sender& sender, std::string_view datagram) const {
    sender.used = Clock::now();
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (!sender.socket.valid()) {
        sender.socket = connect_to_loopback(SOCK_DGRAM, sender.family, port_);
      }
      if (sender.socket.valid() &&
          ::send(sender.socket.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0) {
        return;
      }
      turn(sender);
    }
  }

  static void turn(Sender& sender) {
    sender.socket.reset();
    sender.family = sender.family == LoopbackFamily::V4 ? LoopbackFamily::V6 : LoopbackFamily::V4;
  }

  void answer(const std::string& address, Sender& sender) {
    ssize_t got = 0;
    while ((got = ::recv(sender.socket.get(), buffer_.data(), buffer_.size(), 0)) >= 0) {
      sender.used = Clock::now();
      (void)!::sendto(socket_.get(), buffer_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL,
                      reinterpret_cast<const sockaddr*>(address.data()),
                      static_cast<socklen_t>(address.size()));
    }
    if (errno != EAGAIN && errno != EINTR) {
      turn(sender);
    }
  }

  backend::Fd socket_;
  std::uint16_t port_;
  // By the sender's address, as the kernel has it.
  std::map<std::string, Sender> senders_;
  std::array<char, kLargestDatagram> buffer_{};
};

}  // namespace

std::unique_ptr<Relay> make_udp_relay(backend::Fd socket, std::uint16_t port) {
  return std::make_unique<UdpRelay>(std::move(socket), port);
}

}  // namespace strata::driver
