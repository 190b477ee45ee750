// The HTTP server below the fault-injecting registry.
#include "tests/fakes/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "ir/base/check.h"
#include "ir/base/text.h"

namespace strata::test {
namespace {

class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}

  std::optional<ServerRequest> read_request() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) {
        return std::nullopt;
      }
    }
    ServerRequest request;
    const std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    std::size_t line = head.find("\r\n");
    const std::size_t first = head.find(' ');
    const std::size_t second = head.find(' ', first + 1);
    request.method = head.substr(0, first);
    request.target = head.substr(first + 1, second - first - 1);
    for (line += 2; line < head.size();) {
      const std::size_t stop = head.find("\r\n", line);
      const std::size_t colon = head.find(':', line);
      if (colon < stop) {
        const std::size_t value = std::min(head.find_first_not_of(' ', colon + 1), stop);
        request.headers[ascii_lower(head.substr(line, colon - line))] =
            head.substr(value, stop - value);
      }
      line = stop + 2;
    }
    const std::size_t size = std::strtoull(request.headers["content-length"].c_str(), nullptr, 10);
    while (buffer_.size() < size) {
      if (!fill()) {
        return std::nullopt;
      }
    }
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return request;
  }

  // False when the connection is done for.
  bool answer(const ServerRequest& request, const ServerResponse& response) {
    using End = ServerResponse::End;
    switch (response.end) {
      case End::NoAnswer:
        return false;
      case End::Silent:
        while (fill()) {
        }
        return false;
      case End::Drip:
        drip(response);
        return false;
      case End::Close:
      case End::KeepAlive:
        break;
    }
    return write(head_of(response) + (request.method == "HEAD" ? "" : response.body)) &&
           response.end == End::KeepAlive;
  }

 private:
  static std::string head_of(const ServerResponse& response) {
    const std::uint64_t length =
        response.claimed == 0 ? std::uint64_t{response.body.size()} : response.claimed;
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " x\r\n";
    for (const auto& [name, value] : response.headers) {
      out += name;
      out += ": ";
      out += value;
      out += "\r\n";
    }
    return out + "Content-Length: " + std::to_string(length) + "\r\n\r\n";
  }

  void drip(ServerResponse response) const {
    response.claimed = std::uint64_t{1} << 20;
    bool there = write(head_of(response));
    while (there) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      there = write(" ");
    }
  }

  bool fill() {
    std::array<char, 65536> piece{};
    const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
    if (count <= 0) {
      return false;
    }
    buffer_.append(piece.data(), static_cast<std::size_t>(count));
    return true;
  }

  [[nodiscard]] bool write(const std::string& data) const {
    for (std::size_t done = 0; done < data.size();) {
      const ssize_t count = ::send(fd_, data.data() + done, data.size() - done, MSG_NOSIGNAL);
      if (count <= 0) {
        return false;
      }
      done += static_cast<std::size_t>(count);
    }
    return true;
  }

  int fd_;
  std::string buffer_;
};

}  // namespace

HttpServer::HttpServer(std::uint16_t port, Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  STRATA_CHECK(listener_ >= 0, "no socket");
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  STRATA_CHECK(::bind(listener_, generic, size) == 0 && ::listen(listener_, 64) == 0 &&
                   ::getsockname(listener_, generic, &size) == 0,
               "cannot listen on loopback");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : connections_) {
      ::shutdown(fd, SHUT_RDWR);
    }
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void HttpServer::accept_all() {
  while (!stopping_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    connections_.insert(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void HttpServer::serve(int fd) {
  Connection connection(fd);
  while (!stopping_) {
    const std::optional<ServerRequest> request = connection.read_request();
    if (!request) {
      break;
    }
    if (!connection.answer(*request, handler_(*request))) {
      break;
    }
  }
  const std::lock_guard lock(mutex_);
  connections_.erase(fd);
  ::close(fd);
}

}  // namespace strata::test
