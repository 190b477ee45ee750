// A proxy between ports of the loopback, with real sockets.
#include "driver/port_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <thread>

#include "driver/published_ports.h"

namespace strata::driver {
namespace {

using backend::Fd;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A socket at a free port of 127.0.0.1, which listens if it can.
Fd bound(int type, int flags = 0) {
  Fd fd(::socket(AF_INET, type | flags | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(0);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(fd.get(), 8), 0);
  }
  return fd;
}

std::uint16_t port_of(const Fd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

Fd connected(int type, std::uint16_t port) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

bool readable(const Fd& fd) {
  pollfd one{.fd = fd.get(), .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 10'000) == 1;
}

std::string all_of(const Fd& fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  ssize_t size = 0;
  while (readable(fd) && (size = ::recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

void send_all(const Fd& fd, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t size = ::send(fd.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
    ASSERT_GT(size, 0);
    at += static_cast<std::size_t>(size);
  }
}

class PortProxyTest : public testing::Test {
 protected:
  // A proxy to the port of `server`; the port that it listens on.
  std::uint16_t start(int type, std::uint16_t to) {
    Fd front = bound(type, SOCK_NONBLOCK);
    const std::uint16_t port = port_of(front);
    std::vector<PortProxy::Listener> listeners;
    listeners.push_back(
        {std::move(front), to, type == SOCK_STREAM ? Protocol::Tcp : Protocol::Udp});
    proxy_ = std::make_unique<PortProxy>(std::move(listeners));
    return port;
  }

  std::unique_ptr<PortProxy> proxy_;
};

TEST_F(PortProxyTest, BytesGoBothWaysEachToItsEnd) {
  const Fd server = bound(SOCK_STREAM);
  const std::uint16_t port = start(SOCK_STREAM, port_of(server));
  // More than any buffer on the way holds, and the answer comes only after the question's end.
  const std::string question(std::size_t{8} << 20, 'q');
  const std::string answer(std::size_t{5} << 20, 'a');
  std::string heard;
  std::thread serving([&] {
    const Fd connection(::accept(server.get(), nullptr, nullptr));
    heard = all_of(connection);
    send_all(connection, answer);
  });
  const Fd client = connected(SOCK_STREAM, port);
  send_all(client, question);
  ::shutdown(client.get(), SHUT_WR);
  const std::string got = all_of(client);
  serving.join();
  EXPECT_TRUE(heard == question);
  EXPECT_TRUE(got == answer);
}

TEST_F(PortProxyTest, SeveralConnectionsAtOnce) {
  const Fd server = bound(SOCK_STREAM);
  const std::uint16_t port = start(SOCK_STREAM, port_of(server));
  const Fd first = connected(SOCK_STREAM, port);
  const Fd first_end(::accept(server.get(), nullptr, nullptr));
  const Fd second = connected(SOCK_STREAM, port);
  const Fd second_end(::accept(server.get(), nullptr, nullptr));
  send_all(second_end, "2");
  send_all(first_end, "1");
  ::shutdown(first_end.get(), SHUT_WR);
  ::shutdown(second_end.get(), SHUT_WR);
  EXPECT_EQ(all_of(first), "1");
  EXPECT_EQ(all_of(second), "2");
}

TEST_F(PortProxyTest, WhereNobodyListensTheConnectionEnds) {
  std::uint16_t closed = 0;
  {
    const Fd server = bound(SOCK_STREAM);
    closed = port_of(server);
  }
  const std::uint16_t port = start(SOCK_STREAM, closed);
  const Fd client = connected(SOCK_STREAM, port);
  EXPECT_EQ(all_of(client), "");
}

TEST_F(PortProxyTest, ItsEndClosesConnections) {
  const Fd server = bound(SOCK_STREAM);
  const std::uint16_t port = start(SOCK_STREAM, port_of(server));
  const Fd client = connected(SOCK_STREAM, port);
  const Fd end(::accept(server.get(), nullptr, nullptr));
  proxy_.reset();
  EXPECT_EQ(all_of(client), "");
  EXPECT_EQ(all_of(end), "");
}

TEST_F(PortProxyTest, DatagramsAreAnsweredToTheirSender) {
  const Fd server = bound(SOCK_DGRAM);
  const std::uint16_t port = start(SOCK_DGRAM, port_of(server));
  const Fd first = connected(SOCK_DGRAM, port);
  const Fd second = connected(SOCK_DGRAM, port);
  send_all(first, "one");
  send_all(second, "two");
  for (int i = 0; i < 2; ++i) {
    std::array<char, 100> buffer{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    ASSERT_TRUE(readable(server));
    const ssize_t got = ::recvfrom(server.get(), buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    ASSERT_EQ(got, 3);
    const std::string answer = "re: " + std::string(buffer.data(), 3);
    ::sendto(server.get(), answer.data(), answer.size(), 0,
             reinterpret_cast<const sockaddr*>(&from), size);
  }
  for (const auto& [client, answer] :
       {std::pair(&first, "re: one"), std::pair(&second, "re: two")}) {
    std::array<char, 100> buffer{};
    ASSERT_TRUE(readable(*client));
    const ssize_t got = ::recv(client->get(), buffer.data(), buffer.size(), 0);
    EXPECT_EQ(std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))),
              answer);
  }
}

TEST_F(PortProxyTest, PortsThatAreTakenAreErrors) {
  const Fd holder = bound(SOCK_STREAM);
  const std::uint16_t taken = port_of(holder);
  std::uint16_t free = 0;
  {
    const Fd other = bound(SOCK_STREAM);
    free = port_of(other);
  }
  for (const PublishedPort& port : {PublishedPort{"", taken, taken, Protocol::Tcp},
                                    PublishedPort{"", taken, free, Protocol::Tcp},
                                    PublishedPort{"", free, taken, Protocol::Tcp}}) {
    const auto published = publish({port});
    ASSERT_FALSE(published.ok()) << port.host << ":" << port.container;
    EXPECT_EQ(published.error().code, ErrorCode::Input);
    EXPECT_NE(published.error().message.find("port " + std::to_string(taken)), std::string::npos);
  }
}

}  // namespace
}  // namespace strata::driver
