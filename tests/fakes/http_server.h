#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace strata::test {

struct ServerRequest {
  std::string method;
  std::string target;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

struct ServerResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Content-Length to claim where it is not the body's.
  std::uint64_t claimed = 0;
  // Silent keeps the connection and never answers; Drip sends the head and then a byte now and
  // then, without end.
  enum class End { KeepAlive, Close, NoAnswer, Silent, Drip };
  End end = End::KeepAlive;
};

// A small HTTP/1.1 server on 127.0.0.1: a thread for each connection, bodies with Content-Length
// only, no TLS.
class HttpServer {
 public:
  using Handler = std::function<ServerResponse(const ServerRequest&)>;
  HttpServer(std::uint16_t port, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::set<int> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace strata::test
