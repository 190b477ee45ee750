#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "backend/registry/http.h"

namespace strata::backend {

// Takes one answer in pieces, as a transport receives it, and gives the pieces of a 2xx body to
// the request's callbacks. Whatever returns false ends the transfer.
class AnswerReader {
 public:
  // `request` must outlive this.
  explicit AnswerReader(const HttpRequest& request) : request_(request) {}
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  // One line of the head, with or without its line break. A status line begins a new answer: the
  // one after a 100 or a proxy's CONNECT replaces what came before it. A line that begins with
  // white space goes on with the value before it (RFC 9112 5.2).
  [[nodiscard]] bool take_head_line(std::string_view line);
  [[nodiscard]] bool take_body(const char* data, std::size_t size);
  // After the last piece: an answer without a body still has its head.
  [[nodiscard]] bool finish() { return take_body("", 0); }

  // The limit that the head or the body went beyond.
  [[nodiscard]] std::optional<std::uint64_t> exceeded() const { return exceeded_; }
  [[nodiscard]] HttpResponse& response() { return response_; }

 private:
  using Header = std::multimap<std::string, std::string>::iterator;

  const HttpRequest& request_;
  HttpResponse response_;
  Header last_header_ = response_.headers.end();
  std::size_t head_size_ = 0;
  bool head_given_ = false;
  std::optional<std::uint64_t> exceeded_;
};

}  // namespace strata::backend
